import { nodePortRange } from '../allocation.ts';
import type { ServicePort, ServiceSpec } from '../types/core.ts';
import { checkPort, checkSyntax } from './checks.ts';
import { dnsLabel, portNumber, qualifiedName } from './names.ts';
import { duplicate, forbidden, invalid, required, type FieldProblem } from './problem.ts';

export type ServiceType = NonNullable<ServiceSpec['type']>;

/** Whether a Service has no address, but the addresses of its endpoints under its name. */
export const isHeadless = ({ clusterIP, clusterIPs = [] }: ServiceSpec): boolean =>
  clusterIP === 'None' || (clusterIPs.length === 1 && clusterIPs[0] === 'None');

/** Rules for `spec.ports` (core validation `validateServicePort`). */
export function servicePortsProblems(spec: ServiceSpec, type: ServiceType): FieldProblem[] {
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
    // Not a duplicate: upstream finds it taken while it allocates, before it compares.
    if (nodePort !== 0 && seen(nodePorts, `${protocol} ${nodePort}`))
      problems.push(invalid(`${path}.nodePort`, nodePort, 'provided port is already allocated'));
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
  // An item that is null is read as one in which nothing is set.
  const { port: number = 0 } = port as Partial<ServicePort>;
  const problems = checkSyntax(`${path}.port`, number, portNumber);
  if (name !== '') problems.push(...checkSyntax(`${path}.name`, name, dnsLabel));
  else if (several) problems.push(required(`${path}.name`, 'a Service with several ports must name each'));
  const isGiven = targetPort !== undefined && targetPort !== 0 && targetPort !== '';
  problems.push(...checkPort(`${path}.targetPort`, isGiven ? targetPort : number));
  if (appProtocol !== undefined)
    problems.push(...checkSyntax(`${path}.appProtocol`, appProtocol, qualifiedName));
  if (nodePort !== 0) problems.push(...nodePortProblems(`${path}.nodePort`, nodePort, type));
  return problems;
}

/** An ExternalName may carry a node port along, which then means nothing (as upstream has it). */
function nodePortProblems(path: string, nodePort: number, type: ServiceType): FieldProblem[] {
  if (type === 'ClusterIP') return [forbidden(path, "may not be used when `type` is 'ClusterIP'")];
  return type === 'ExternalName' ? [] : checkNodePort(path, nodePort);
}

/** A port out of those that nodes give to Services. */
export function checkNodePort(path: string, nodePort: number): FieldProblem[] {
  const { first, last } = nodePortRange;
  if (nodePort >= first && nodePort <= last) return [];
  const detail = `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
  return [invalid(path, nodePort, detail)];
}
