import { parseAddress } from '../../lib/address.ts';
import { nodePortRange } from '../allocation.ts';
import type { Service, ServicePort, ServiceSpec } from '../types/core.ts';
import {
  checkAddress,
  checkCidr,
  checkLabels,
  checkOrdinaryAddress,
  checkPort,
  checkSyntax,
} from './checks.ts';
import { dnsLabel, dnsSubdomain, portNumber, qualifiedName } from './names.ts';
import { duplicate, forbidden, invalid, required, tooMany, type FieldProblem } from './problem.ts';

/** Rules for Services (core validation `ValidateService`). */
export function serviceProblems(service: Service): FieldProblem[] {
  const spec: ServiceSpec = service.spec ?? {};
  const type = spec.type ?? 'ClusterIP';
  return [
    ...portsProblems(spec, type),
    ...(type === 'ExternalName' ? externalNameProblems(spec) : clusterIPProblems(spec, type)),
    ...checkLabels('spec.selector', spec.selector),
    ...affinityProblems(spec),
    ...externalProblems(spec, type),
    ...familyProblems(spec),
  ];
}

type ServiceType = NonNullable<ServiceSpec['type']>;

const isHeadless = (spec: ServiceSpec): boolean => spec.clusterIP === 'None';

function portsProblems(spec: ServiceSpec, type: ServiceType): FieldProblem[] {
  const ports = spec.ports ?? [];
  if (ports.length === 0) return isHeadless(spec) || type === 'ExternalName' ? [] : [required('spec.ports')];
  const several = ports.length > 1;
  const alone = ports.flatMap((port, index) => portProblems(`spec.ports[${index}]`, port, { several, type }));
  return [...alone, ...repeatedPorts(ports)];
}

/** Names, port numbers and node ports are unique, the numbers by protocol. */
function repeatedPorts(ports: readonly ServicePort[]): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const [names, numbers, nodePorts] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const [index, { name = '', port, protocol = 'TCP', nodePort = 0 }] of ports.entries()) {
    const path = `spec.ports[${index}]`;
    if (name !== '' && seen(names, name)) problems.push(duplicate(`${path}.name`, name));
    if (seen(numbers, `${protocol} ${port}`)) problems.push(duplicate(path, { port, protocol }));
    if (nodePort !== 0 && seen(nodePorts, `${protocol} ${nodePort}`)) {
      problems.push(duplicate(`${path}.nodePort`, nodePort));
    }
  }
  return problems;
}

/** Whether the value was there before; it is from now on. */
function seen<T>(values: Set<T>, value: T): boolean {
  if (values.has(value)) return true;
  values.add(value);
  return false;
}

function portProblems(
  path: string,
  port: ServicePort,
  { several, type }: { several: boolean; type: ServiceType },
): FieldProblem[] {
  const { name = '', targetPort, nodePort = 0, appProtocol } = port;
  const problems = checkSyntax(`${path}.port`, port.port, portNumber);
  if (name !== '') problems.push(...checkSyntax(`${path}.name`, name, dnsLabel));
  else if (several) problems.push(required(`${path}.name`, 'a Service with several ports must name each'));
  if (targetPort !== undefined && targetPort !== 0 && targetPort !== '') {
    problems.push(...checkPort(`${path}.targetPort`, targetPort));
  }
  if (appProtocol !== undefined)
    problems.push(...checkSyntax(`${path}.appProtocol`, appProtocol, qualifiedName));
  if (nodePort !== 0) problems.push(...nodePortProblems(`${path}.nodePort`, nodePort, type));
  return problems;
}

function nodePortProblems(path: string, nodePort: number, type: ServiceType): FieldProblem[] {
  if (type !== 'NodePort' && type !== 'LoadBalancer') {
    return [forbidden(path, `may not be used when \`type\` is '${type}'`)];
  }
  const { first, last } = nodePortRange;
  if (nodePort >= first && nodePort <= last) return [];
  return [
    invalid(
      path,
      nodePort,
      `provided port is not in the valid range. The range of valid ports is ${first}-${last}`,
    ),
  ];
}

function externalNameProblems(spec: ServiceSpec): FieldProblem[] {
  const { externalName = '', clusterIP = '', clusterIPs = [] } = spec;
  const problems: FieldProblem[] = [];
  if (clusterIP !== '')
    problems.push(forbidden('spec.clusterIP', "may not be set when `type` is 'ExternalName'"));
  if (clusterIPs.length > 0)
    problems.push(forbidden('spec.clusterIPs', "may not be set when `type` is 'ExternalName'"));
  for (const field of ['ipFamilies', 'ipFamilyPolicy'] as const) {
    if (spec[field] !== undefined && spec[field].length > 0)
      problems.push(forbidden(`spec.${field}`, "may not be set when `type` is 'ExternalName'"));
  }
  // One dot at the end only says that the name is complete.
  const name = externalName.replace(/\.$/, '');
  if (name === '') return [...problems, required('spec.externalName')];
  return [...problems, ...checkSyntax('spec.externalName', externalName, () => dnsSubdomain(name))];
}

function clusterIPProblems(spec: ServiceSpec, type: ServiceType): FieldProblem[] {
  const { clusterIP = '', clusterIPs = [] } = spec;
  const problems: FieldProblem[] = [];
  if (isHeadless(spec) && type !== 'ClusterIP') {
    problems.push(invalid('spec.clusterIP', 'None', `may not be set to 'None' for ${type} services`));
  }
  if (clusterIP !== '' && clusterIP !== 'None') problems.push(...checkAddress('spec.clusterIP', clusterIP));
  if (clusterIPs.length > 2) problems.push(tooMany('spec.clusterIPs', clusterIPs.length, 2));
  const [first] = clusterIPs;
  if (first !== undefined && first !== clusterIP) {
    problems.push(invalid('spec.clusterIPs', clusterIPs, 'first value must match `clusterIP`'));
  }
  return [...problems, ...clusterIPs.flatMap((address, index) => addressProblems(index, address))];
}

function addressProblems(index: number, address: string): FieldProblem[] {
  const path = `spec.clusterIPs[${index}]`;
  if (address !== 'None') return checkAddress(path, address);
  return index === 0 ? [] : [invalid(path, address, "'None' must be the first and only value")];
}

function affinityProblems(spec: ServiceSpec): FieldProblem[] {
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  // Without affinity its configuration counts for nothing; defaulting drops it.
  if (spec.sessionAffinity !== 'ClientIP' || seconds === undefined) return [];
  if (seconds > 0 && seconds <= 86400) return [];
  const path = 'spec.sessionAffinityConfig.clientIP.timeoutSeconds';
  return [invalid(path, seconds, 'must be greater than 0 and less than or equal to 86400')];
}

function externalProblems(spec: ServiceSpec, type: ServiceType): FieldProblem[] {
  const { externalIPs = [], loadBalancerSourceRanges = [] } = spec;
  const problems = externalIPs.flatMap((address, i) =>
    checkOrdinaryAddress(`spec.externalIPs[${i}]`, address),
  );
  const external =
    type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && externalIPs.length > 0);
  if (spec.externalTrafficPolicy !== undefined && !external) {
    const detail = 'may only be set for externally-accessible services';
    problems.push(invalid('spec.externalTrafficPolicy', spec.externalTrafficPolicy, detail));
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined && type !== 'LoadBalancer') {
    problems.push(
      forbidden('spec.allocateLoadBalancerNodePorts', "may only be used when `type` is 'LoadBalancer'"),
    );
  }
  if (loadBalancerSourceRanges.length > 0 && type !== 'LoadBalancer') {
    problems.push(
      forbidden('spec.loadBalancerSourceRanges', "may only be used when `type` is 'LoadBalancer'"),
    );
  }
  const ranges = loadBalancerSourceRanges.flatMap((cidr, i) =>
    // Upstream trims these, for they were once split out of an annotation.
    checkCidr(`spec.loadBalancerSourceRanges[${i}]`, cidr.trim()),
  );
  return [...problems, ...ranges];
}

/** Each family once, and each address of the family that stands at its place. */
function familyProblems({ ipFamilies = [], clusterIPs = [] }: ServiceSpec): FieldProblem[] {
  const families = new Set<string>();
  const repeated = ipFamilies.flatMap((family, index) =>
    seen(families, family) ? [duplicate(`spec.ipFamilies[${index}]`, family)] : [],
  );
  const kinds = clusterIPs.map((address) => parseAddress(address)?.family);
  const different = kinds.flatMap((family, i) => {
    const wanted = ipFamilies[i];
    if (family === undefined || wanted === undefined || family === wanted) return [];
    const detail = `expected an ${wanted} value as indicated by \`ipFamilies[${i}]\``;
    return [invalid(`spec.clusterIPs[${i}]`, clusterIPs[i], detail)];
  });
  if (kinds.length === 2 && kinds[0] !== undefined && kinds[0] === kinds[1]) {
    const detail = 'may specify no more than one IP for each IP family';
    different.push(invalid('spec.clusterIPs', clusterIPs, detail));
  }
  return [...repeated, ...different];
}
