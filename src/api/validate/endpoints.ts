import type { Endpoints } from '../types/core.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '../types/network.ts';
import { checkOrdinaryAddress, checkSyntax } from './checks.ts';
import { dnsLabel, dnsSubdomain, portNumber } from './names.ts';
import { duplicate, required, tooMany, type FieldProblem } from './problem.ts';

const mostEndpoints = 1000;
const mostPorts = 20000;
const mostAddresses = 100;

/** Rules for EndpointSlices (discovery validation `ValidateEndpointSlice`). */
export function endpointSliceProblems(slice: EndpointSlice): FieldProblem[] {
  const endpoints: readonly Endpoint[] = slice.endpoints ?? [];
  const ports = slice.ports ?? [];
  if (endpoints.length > mostEndpoints) return [tooMany('endpoints', endpoints.length, mostEndpoints)];
  if (ports.length > mostPorts) return [tooMany('ports', ports.length, mostPorts)];
  const names = new Set<string>();
  const portProblems = ports.flatMap((port, index) => {
    const { name = '' } = port;
    const own = endpointPortProblems(`ports[${index}]`, port);
    if (names.has(name)) own.push(duplicate(`ports[${index}].name`, name));
    names.add(name);
    return own;
  });
  const ofEndpoints = endpoints.flatMap((endpoint, i) =>
    endpointProblems(`endpoints[${i}]`, endpoint, slice.addressType),
  );
  return [...ofEndpoints, ...portProblems];
}

function endpointPortProblems(path: string, { name = '', port }: EndpointPort): FieldProblem[] {
  return [
    ...(name === '' ? [] : checkSyntax(`${path}.name`, name, dnsLabel)),
    ...(port === undefined ? [] : checkSyntax(`${path}.port`, port, portNumber)),
  ];
}

function endpointProblems(
  path: string,
  endpoint: Endpoint,
  type: EndpointSlice['addressType'],
): FieldProblem[] {
  const { addresses, hostname, nodeName } = endpoint;
  if (addresses.length === 0) return [required(`${path}.addresses`, 'must contain at least 1 address')];
  if (addresses.length > mostAddresses)
    return [tooMany(`${path}.addresses`, addresses.length, mostAddresses)];
  const problems = addresses.flatMap((address, index) => {
    const at = `${path}.addresses[${index}]`;
    return type === 'FQDN' ? checkSyntax(at, address, dnsSubdomain) : checkOrdinaryAddress(at, address, type);
  });
  if (hostname !== undefined) problems.push(...checkSyntax(`${path}.hostname`, hostname, dnsLabel));
  if (nodeName !== undefined) problems.push(...checkSyntax(`${path}.nodeName`, nodeName, dnsSubdomain));
  return problems;
}

/** Rules for core/v1 Endpoints, the older form. */
export function endpointsProblems({ subsets = [] }: Endpoints): FieldProblem[] {
  return subsets.flatMap((subset, i) => {
    const path = `subsets[${i}]`;
    const addresses = (['addresses', 'notReadyAddresses'] as const).flatMap((field) =>
      (subset[field] ?? []).flatMap(({ ip }, j) => checkOrdinaryAddress(`${path}.${field}[${j}].ip`, ip)),
    );
    const ports = (subset.ports ?? []).flatMap((port, j) =>
      endpointPortProblems(`${path}.ports[${j}]`, port),
    );
    return [...addresses, ...ports];
  });
}
