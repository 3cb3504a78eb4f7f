import { contains, formatPrefix, parsePrefix, type Prefix } from '../../lib/prefix.ts';
import { modelTraits } from '../../model/network/models.ts';
import { isAzure, modelLimits } from './models.ts';
import { counted, namedRanges, needsOf, surgeOf } from './needs.ts';
import type { CapacityRequest } from './port.ts';

/** Source ports of one public address that a load balancer gives to nodes (AKS, load-balancer-standard). */
const portsOfAddress = 64_000;
/** A virtual network holds no more addresses, and a node's interface no more than 256. */
const mostOfNetwork = 65_536;
const fewestPods = 10;
const leastSubnet = 29;
const leastServiceRange = 13;

/** Ranges that a virtual network and the networks of its cluster must not overlap (AKS, concepts-network-legacy-cni). */
const bannedRanges = ['169.254.0.0/16', '172.30.0.0/16', '172.31.0.0/16', '192.0.2.0/24'];

/** Nodes that a request asks for, with those that an upgrade adds. */
export function allNodes({ pools, surge }: CapacityRequest): number {
  return pools.reduce((sum, pool) => sum + pool.nodes + surgeOf(pool, surge), 0);
}

/** What forbids a request whatever the sizes of its ranges are; how many nodes there are is another matter. */
export function rulesBroken(request: CapacityRequest): string[] {
  return [
    ...shapesBroken(request),
    ...overlaps(request),
    ...podCountsBroken(request),
    ...systemsBroken(request),
    ...portsBroken(request),
  ];
}

/** Which limits on the number of nodes a request exceeds. */
export function countsExceeded(request: CapacityRequest): string[] {
  const nodes = allNodes(request);
  const exceeded = (most: number, what: string): string[] =>
    nodes <= most ? [] : [`${counted(nodes, 'node')}, upgrades included, exceed ${most}: ${what}`];
  const { model, otherRoutes = 0, outbound } = request;
  const { mostNodes } = modelLimits[model];
  const network = needsOf(request)
    .filter(({ name }) => name !== 'pod range')
    .reduce((sum, { required }) => sum + required, 0);
  return [
    ...(model === 'kubenet'
      ? exceeded(
          mostNodes - otherRoutes,
          `every node has a route, and a table holds ${mostNodes} routes${otherRoutes === 0 ? '' : `, ${otherRoutes} of which are others'`}`,
        )
      : exceeded(mostNodes, 'no cluster may have more')),
    ...(outbound === undefined
      ? []
      : exceeded(
          nodesOfPorts(outbound),
          `${outbound.portsPerNode} source ports for each of ${outbound.addresses} public addresses' ${portsOfAddress}`,
        )),
    ...(isAzure(model) && network > mostOfNetwork
      ? [`${network} addresses exceed the ${mostOfNetwork} of a virtual network`]
      : []),
  ];
}

/** `floor(64000 / ports) x addresses` */
export function nodesOfPorts({ addresses, portsPerNode }: NonNullable<CapacityRequest['outbound']>): number {
  return Math.floor(portsOfAddress / portsPerNode) * addresses;
}

function shapesBroken({ model, subnet, podSubnet, serviceCidr }: CapacityRequest): string[] {
  if (!isAzure(model)) return [];
  const small = [subnet, podSubnet].flatMap((prefix) =>
    prefix !== undefined && prefix.length > leastSubnet
      ? [`${formatPrefix(prefix)} is smaller than a /${leastSubnet}, the smallest subnet there is`]
      : [],
  );
  if (serviceCidr === undefined || serviceCidr.length >= leastServiceRange) return small;
  return [...small, `service range ${formatPrefix(serviceCidr)} is too large: it must be smaller than a /12`];
}

function overlaps(request: CapacityRequest): string[] {
  const ranges = namedRanges(request);
  const between = ranges.flatMap((one, index) =>
    ranges
      .slice(index + 1)
      .filter((other) => overlap(one.prefix, other.prefix))
      .map((other) => `${textOf(one)} and ${textOf(other)} overlap: give one of them another range`),
  );
  if (!isAzure(request.model)) return between;
  const banned = ranges.flatMap((one) =>
    bannedRanges
      .filter((range) => overlap(one.prefix, parsePrefix(range)))
      .map((range) => `${textOf(one)} overlaps ${range}, which the platform keeps for itself`),
  );
  return [...between, ...banned];
}

function podCountsBroken({ model, pools }: CapacityRequest): string[] {
  const { mostPods } = modelLimits[model];
  const fewest = isAzure(model) ? fewestPods : 1;
  return pools.flatMap(({ maxPods }) =>
    maxPods >= fewest && maxPods <= mostPods
      ? []
      : [`${counted(maxPods, 'pod')} on a node: ${model} allows ${fewest} to ${mostPods}`],
  );
}

/** Some models are not made for nodes that run Windows. */
function systemsBroken({ model, pools }: CapacityRequest): string[] {
  if (modelTraits[model].hasWindows || pools.every(({ os }) => os !== 'windows')) return [];
  return [`${model} has no Windows nodes; azure-cni and azure-cni-overlay have`];
}

function portsBroken({ outbound }: CapacityRequest): string[] {
  if (outbound === undefined || outbound.portsPerNode % 8 === 0) return [];
  return [`${outbound.portsPerNode} source ports for a node: it must be a multiple of 8`];
}

const textOf = ({ name, prefix }: { name: string; prefix: Prefix }): string =>
  `${name} ${formatPrefix(prefix)}`;

function overlap(a: Prefix, b: Prefix | undefined): boolean {
  return b !== undefined && (contains(a, b.network) || contains(b, a.network));
}
