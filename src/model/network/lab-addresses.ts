import { addressAfter, formatAddress, parseAddress, type Family } from '../../lib/address.ts';
import { contains, parsePrefix } from '../../lib/prefix.ts';

/** Addresses of the machines of a lab's default layer-2 segment and of the network behind its router. */
export interface LabAddresses {
  /** The node segment. Everything here is inside network namespaces and never meets the host's networks. */
  readonly segment: string;
  readonly router: string;
  /** The machine on which the API server listens for pods and nodes. */
  readonly control: string;
  /** Addresses of the segment that no machine has: the lab's own pool for load balancers. */
  readonly loadBalancers: string;
  /** Behind the router. */
  readonly internetSegment: string;
  readonly internetRouter: string;
  readonly internet: string;
  /** Where the same machine, which has every address out there, answers for names: see `internetAnswer`. */
  readonly resolver: string;
}

/** Public addresses of load balancers, in labs whose nodes are in a virtual network: a part of the internet's segment. */
export const publicLoadBalancers = '203.0.113.128/26';

/** The IPv4 ones; outside is TEST-NET-3 of RFC 5737. */
export const labAddresses = {
  segment: '172.20.0.0/16',
  router: '172.20.0.1',
  control: '172.20.0.10',
  loadBalancers: '172.20.224.0/20',
  internetSegment: '203.0.113.0/24',
  internetRouter: '203.0.113.1',
  internet: '203.0.113.10',
  resolver: '198.51.100.53',
} as const satisfies LabAddresses;

/** The addresses of each family; outside is the documentation prefix of RFC 3849. */
export const labAddressesOf: Readonly<Record<Family, LabAddresses>> = {
  IPv4: labAddresses,
  IPv6: {
    segment: 'fd00:172:20::/64',
    router: 'fd00:172:20::1',
    control: 'fd00:172:20::10',
    loadBalancers: 'fd00:172:20::f000/116',
    internetSegment: '2001:db8:113::/64',
    internetRouter: '2001:db8:113::1',
    internet: '2001:db8:113::10',
    resolver: '2001:db8:53::53',
  },
};

/** `node-1`, `node-2`, …: names of a lab's nodes, by index from 0. */
export function labNodeName(index: number): string {
  return `node-${index + 1}`;
}

/** Nodes that one cluster of a lab has at most: their addresses are below the next cluster's. */
export const mostNodesOfCluster = 200;

/** Clusters that one segment has room for; the lab's own pool of load balancers' addresses comes behind their nodes. */
export const mostClusters = 16;

/**
 * Address of the lab node with this index, from 0: 172.20.1.1 and on, or fd00:172:20::101 and on. Each further cluster
 * on the segment has the next 256: 172.20.2.1 and on.
 */
export function labNodeAddress(index: number, family: Family = 'IPv4', cluster = 0): string {
  return onSegment(family, firstNode + clusterStep * cluster + index);
}

/** Where the API server of a cluster listens for its pods and nodes: 172.20.0.10, 172.20.0.11 and on. */
export function labControlAddress(family: Family, cluster = 0): string {
  return onSegment(family, controlOffset[family] + cluster);
}

/** Whether it is the address of a lab's node or of an API server, of whichever cluster. */
export function isMachineOfCluster(text: string): boolean {
  const address = parseAddress(text);
  if (address === undefined) return false;
  const segment = parsePrefix(labAddressesOf[address.family].segment);
  if (segment === undefined || !contains(segment, address)) return false;
  const offset = Number(address.value - segment.network.value);
  const control = offset - controlOffset[address.family];
  const cluster = Math.floor((offset - firstNode) / clusterStep);
  const index = offset - firstNode - clusterStep * cluster;
  return isOrdinal(control) || (isOrdinal(cluster) && index < mostNodesOfCluster);
}

const isOrdinal = (cluster: number): boolean => cluster >= 0 && cluster < mostClusters;

/** On the segment: the first node of the first cluster, and from one cluster's nodes to the next one's. */
const firstNode = 257;
const clusterStep = 256;
/** Of `control` above. */
const controlOffset = { IPv4: 10, IPv6: 16 } as const satisfies Record<Family, number>;

function onSegment(family: Family, offset: number): string {
  const segment = parsePrefix(labAddressesOf[family].segment);
  const address = segment === undefined ? undefined : addressAfter(segment.network, BigInt(offset));
  if (address === undefined) throw new RangeError(`no address ${offset} in the segment`);
  return formatAddress(address);
}
