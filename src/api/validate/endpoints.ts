import { parseAddress } from '../../lib/address.ts';
import type { EndpointAddress, Endpoints } from '../types/core.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '../types/network.ts';
import { checkCanonicalAddress, checkAddress, checkOrdinaryAddress, checkSyntax } from './checks.ts';
import {
  dnsLabel,
  dnsSubdomain,
  fullyQualifiedName,
  labelValue,
  portNumber,
  qualifiedName,
} from './names.ts';
import { duplicate, invalid, required, tooMany, type FieldProblem } from './problem.ts';

const mostEndpoints = 1000;
const mostPorts = 20000;
const mostAddresses = 100;
const mostHints = 8;

/** Rules for EndpointSlices (discovery validation `ValidateEndpointSlice`). */
export function endpointSliceProblems(slice: EndpointSlice): FieldProblem[] {
  const endpoints: readonly Endpoint[] = slice.endpoints ?? [];
  const ports = slice.ports ?? [];
  if (ports.length > mostPorts) return [tooMany('ports', ports.length, mostPorts)];
  const names = new Set<string>();
  const portProblems = ports.flatMap((port, index) => {
    const { name = '' } = port;
    const own = slicePortProblems(`ports[${index}]`, port);
    if (names.has(name)) own.push(duplicate(`ports[${index}].name`, name));
    names.add(name);
    return own;
  });
  if (endpoints.length > mostEndpoints)
    return [...portProblems, tooMany('endpoints', endpoints.length, mostEndpoints)];
  const ofEndpoints = endpoints.flatMap((endpoint, i) =>
    endpointProblems(`endpoints[${i}]`, endpoint, slice.addressType),
  );
  return [...ofEndpoints, ...portProblems];
}

/** Numbers are not looked at: upstream leaves them to those who write slices. */
function slicePortProblems(path: string, { name = '', appProtocol }: EndpointPort): FieldProblem[] {
  return [
    ...(name === '' ? [] : checkSyntax(`${path}.name`, name, dnsLabel)),
    ...(appProtocol === undefined ? [] : checkSyntax(`${path}.appProtocol`, appProtocol, qualifiedName)),
  ];
}

function endpointProblems(
  path: string,
  endpoint: Endpoint,
  type: EndpointSlice['addressType'],
): FieldProblem[] {
  const { addresses, hostname, nodeName, hints = {} } = endpoint;
  const at = `${path}.addresses`;
  const problems = addresses.flatMap((address, index) => sliceAddressProblems(at, { address, index, type }));
  if (addresses.length === 0) problems.push(required(at, 'must contain at least 1 address'));
  if (addresses.length > mostAddresses) problems.push(tooMany(at, addresses.length, mostAddresses));
  if (hostname !== undefined) problems.push(...checkSyntax(`${path}.hostname`, hostname, dnsLabel));
  if (nodeName !== undefined) problems.push(...checkSyntax(`${path}.nodeName`, nodeName, dnsSubdomain));
  return [
    ...problems,
    ...hintProblems(`${path}.hints.forZones`, hints.forZones ?? [], labelValue),
    ...hintProblems(`${path}.hints.forNodes`, hints.forNodes ?? [], dnsSubdomain),
  ];
}

function sliceAddressProblems(
  path: string,
  { address, index, type }: { address: string; index: number; type: EndpointSlice['addressType'] },
): FieldProblem[] {
  const at = `${path}[${index}]`;
  if (type === 'FQDN') return address === '' ? [required(at)] : checkSyntax(at, address, fullyQualifiedName);
  // Addresses of what is no type are of no family; that the type is none, the schema says.
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  const problems = type === 'IPv6' ? checkCanonicalAddress(at, address) : checkAddress(at, address);
  if (problems.length > 0) return problems;
  // Upstream names the list where the family is the wrong one.
  const family = parseAddress(address)?.family;
  const ofFamily = family === type ? [] : [invalid(path, address, `must be an ${type} address`)];
  return [...ofFamily, ...checkOrdinaryAddress(at, address)];
}

function hintProblems(
  path: string,
  hints: readonly { name: string }[],
  syntax: (name: string) => string | undefined,
): FieldProblem[] {
  if (hints.length > mostHints) return [tooMany(path, hints.length, mostHints)];
  const names = hints.map(({ name }) => name);
  return names.flatMap((name, i) => [
    ...(names.indexOf(name) < i ? [duplicate(`${path}[${i}].name`, name)] : []),
    ...checkSyntax(`${path}[${i}].name`, name, syntax),
  ]);
}

/** Rules for core/v1 Endpoints, the older form (core validation `validateEndpointSubsets`). */
export function endpointsProblems({ subsets = [] }: Endpoints): FieldProblem[] {
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }, i) => {
    const path = `subsets[${i}]`;
    const isEmpty = addresses.length === 0 && notReadyAddresses.length === 0;
    return [
      ...(isEmpty ? [required(path, 'must specify `addresses` or `notReadyAddresses`')] : []),
      ...addresses.flatMap((one, j) => addressProblems(`${path}.addresses[${j}]`, one)),
      ...notReadyAddresses.flatMap((one, j) => addressProblems(`${path}.notReadyAddresses[${j}]`, one)),
      ...ports.flatMap((port, j) => portProblems(`${path}.ports[${j}]`, port, ports.length > 1)),
    ];
  });
}

function addressProblems(path: string, { ip, hostname = '', nodeName }: EndpointAddress): FieldProblem[] {
  return [
    ...checkOrdinaryAddress(`${path}.ip`, ip),
    ...(hostname === '' ? [] : checkSyntax(`${path}.hostname`, hostname, dnsLabel)),
    ...(nodeName === undefined ? [] : checkSyntax(`${path}.nodeName`, nodeName, dnsSubdomain)),
  ];
}

function portProblems(path: string, port: EndpointPort, needsName: boolean): FieldProblem[] {
  const { name = '' } = port;
  return [
    ...(needsName && name === '' ? [required(`${path}.name`)] : []),
    ...slicePortProblems(path, port),
    ...checkSyntax(`${path}.port`, port.port ?? 0, portNumber),
  ];
}
