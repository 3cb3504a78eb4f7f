import { parsePrefix } from '../../../lib/prefix.ts';
import type { Subnet, VirtualNetwork, VirtualNetworkPeering } from '../../types/fabric.ts';
import { checkAddress } from '../checks.ts';
import { duplicate, forbidden, invalid, required, type FieldProblem } from '../problem.ts';
import { holds, nameProblems, overlapProblems, spaceProblems } from './prefixes.ts';

/** Five addresses of a subnet are nobody's: a smaller one would have none left (Azure, virtual-networks-faq). */
const longestSubnet = 29;
const mostPublicAddresses = 16;
const mostPorts = 64_000;

/** Rules for a network by itself: an address space, and subnets that are parts of it. */
export function virtualNetworkProblems({ metadata, spec }: VirtualNetwork): FieldProblem[] {
  const { addressSpace, subnets = [], dnsServers = [] } = spec;
  const spacePath = (index: number): string => `spec.addressSpace[${index}]`;
  const subnetPath = (index: number): string => `spec.subnets[${index}].prefix`;
  return [
    ...nameProblems('metadata.name', metadata.name),
    ...(addressSpace.length === 0 ? [required('spec.addressSpace', 'a network has addresses')] : []),
    ...addressSpace.flatMap((cidr, index) => spaceProblems(spacePath(index), cidr)),
    ...overlapProblems(addressSpace, spacePath),
    ...subnets.flatMap((subnet, index) => subnetProblems(subnet, index, spec)),
    ...overlapProblems(
      subnets.map(({ prefix }) => prefix),
      subnetPath,
    ),
    ...dnsServers.flatMap((server, index) => checkAddress(`spec.dnsServers[${index}]`, server, 'IPv4')),
    ...outboundProblems(spec.outbound),
  ];
}

function subnetProblems(
  { name, prefix }: Subnet,
  index: number,
  { addressSpace, subnets = [] }: VirtualNetwork['spec'],
): FieldProblem[] {
  const path = `spec.subnets[${index}]`;
  const named = nameProblems(`${path}.name`, name);
  if (subnets.findIndex((one) => one.name === name) < index) named.push(duplicate(`${path}.name`, name));
  const problems = spaceProblems(`${path}.prefix`, prefix);
  if (problems.length > 0) return [...named, ...problems];
  if ((parsePrefix(prefix)?.length ?? 0) > longestSubnet) {
    const why = `must be a /${longestSubnet} or larger: five addresses of a subnet are reserved`;
    return [...named, invalid(`${path}.prefix`, prefix, why)];
  }
  if (addressSpace.some((space) => holds(space, prefix))) return named;
  const why = `must be part of the network's address space (${addressSpace.join(', ')})`;
  return [...named, invalid(`${path}.prefix`, prefix, why)];
}

function outboundProblems(outbound: VirtualNetwork['spec']['outbound'] = {}): FieldProblem[] {
  const { publicAddresses = 1, portsPerInterface = 8 } = outbound;
  const problems: FieldProblem[] = [];
  if (publicAddresses < 1 || publicAddresses > mostPublicAddresses) {
    const why = `must be between 1 and ${mostPublicAddresses}, inclusive`;
    problems.push(invalid('spec.outbound.publicAddresses', publicAddresses, why));
  }
  if (portsPerInterface < 8 || portsPerInterface > mostPorts || portsPerInterface % 8 !== 0) {
    const why = `must be a multiple of 8 between 8 and ${mostPorts}, inclusive`;
    problems.push(invalid('spec.outbound.portsPerInterface', portsPerInterface, why));
  }
  return problems;
}

/** Rules for a peering by itself. */
export function peeringProblems({ spec }: VirtualNetworkPeering): FieldProblem[] {
  const [one, other, ...more] = spec.networks;
  if (one === undefined || other === undefined || more.length > 0) {
    return [invalid('spec.networks', spec.networks, 'must name two networks')];
  }
  if (one === other) return [duplicate('spec.networks[1]', other)];
  if (spec.useRemoteGateways !== true || spec.allowGatewayTransit === true) return [];
  const why = `${other} can use the gateway of ${one} only where allowGatewayTransit is true`;
  return [forbidden('spec.useRemoteGateways', why)];
}
