import { familyOf, type Family } from '../../lib/address.ts';
import { contains, everyAddress, parsePrefix } from '../../lib/prefix.ts';
import { labAddressesOf, labControlAddress, type LabAddresses } from '../network/lab-addresses.ts';
import { nodeAddresses, type NodePlace } from '../network/topology.ts';
import type { Fabric, Machine, MachineRoute } from './machines.ts';

/** Pin's name of the namespace of a node's machine. */
export function nodeNetns(node: string): string {
  return `node-${node}`;
}

/** Pin's name of the namespace that holds a segment's switch. */
export function segmentNetns(segment: string): string {
  return `segment-${segment}`;
}

/** Pins of the machines that are no nodes. */
export const machineNetns = {
  router: 'router',
  internet: 'internet',
  control: 'control',
  /** Forwards between all interfaces of virtual networks. */
  networks: 'networks',
  /** Public services of the internet that service endpoints lead to. */
  services: 'services',
} as const;

/** The segment of the nodes of a lab's first cluster; a further one has a switch of its own, with a cable to this. */
export const nodeSegment = 'default';
export const clusterSegment = 'cluster';
export const internetSegment = 'internet';

/** What nobody on the internet has a way to: RFC 1918, RFC 4193. */
export const privateRanges = {
  IPv4: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  IPv6: ['fc00::/7'],
} as const satisfies Record<Family, readonly string[]>;

export interface FabricOptions {
  /** IPv4 alone when absent. */
  readonly families?: readonly Family[];
  /** Prefixes of load balancers' addresses. */
  readonly balanced?: readonly string[];
  /** Which cluster of its lab it is: 0, the first, has the router and the internet; when absent, too. */
  readonly ordinal?: number;
}

/**
 * The fabric of a lab that describes none: all nodes and the API server's machine on one segment, a router, and
 * behind it a machine that stands for the internet. It knows the way to the nodes but carries no private
 * addresses, so that pods and cluster addresses cannot be reached from there. It knows the way to load balancers'
 * addresses too, as far as the router: what no node announces there ends there. A further cluster has its own nodes and
 * control machine only.
 */
export function defaultFabric(nodes: Iterable<NodePlace>, options: FabricOptions = {}): Fabric {
  const { families = ['IPv4'], ordinal = 0 } = options;
  const segment = ordinal === 0 ? nodeSegment : clusterSegment;
  return {
    families,
    segments: ordinal === 0 ? [{ name: segment }, { name: internetSegment }] : [{ name: segment }],
    machines: [
      ...(ordinal === 0 ? surroundings(families, options.balanced) : []),
      ...clusterMachines(nodes, { families, ordinal, segment }),
    ],
  };
}

function surroundings(families: readonly Family[], balanced: readonly string[] = []): Machine[] {
  const beyond = balanced.filter((prefix) => families.includes(familyOf(prefix)) && !isOnSegment(prefix));
  const known = families.map((family) => labAddressesOf[family]);
  return [routerMachine(known, beyond), internetMachine(families, beyond)];
}

interface ClusterSegment {
  readonly families: readonly Family[];
  readonly ordinal: number;
  readonly segment: string;
}

/** The machines of one cluster: that of its API server, and its nodes'. */
function clusterMachines(
  nodes: Iterable<NodePlace>,
  { families, ordinal, segment }: ClusterSegment,
): Machine[] {
  const routes = families.map((family) => defaultRoute(labAddressesOf[family].router));
  const control = families.map((family) => labControlAddress(family, ordinal));
  return [
    {
      name: 'control',
      netns: machineNetns.control,
      interfaces: [onSegment(control, segment)],
      routes,
    },
    ...[...nodes].map((node) => ({
      name: node.name,
      netns: nodeNetns(node.name),
      interfaces: [onSegment(nodeAddresses(node), segment)],
      routes,
      forwards: true,
    })),
  ];
}

function routerMachine(known: readonly LabAddresses[], beyond: readonly string[]): Machine {
  const outside = known.map(({ internetRouter, internetSegment: range }) => internetRouter + bitsOf(range));
  return {
    name: 'router',
    netns: machineNetns.router,
    interfaces: [
      onSegment(
        known.map(({ router }) => router),
        nodeSegment,
      ),
      { name: 'eth1', segment: internetSegment, addresses: outside },
    ],
    routes: [
      ...known.map(({ internet }) => defaultRoute(internet)),
      ...beyond.map((destination) => ({ destination, via: 'unreachable', metric: lastResort })),
    ],
    forwards: true,
  };
}

/** The machine that stands for the internet, which knows the way to these prefixes. */
export function internetMachine(families: readonly Family[], beyond: readonly string[]): Machine {
  const known = families.map((family) => labAddressesOf[family]);
  const addresses = known.map(({ internet, internetSegment: range }) => internet + bitsOf(range));
  return {
    name: 'internet',
    netns: machineNetns.internet,
    interfaces: [{ name: 'eth0', segment: internetSegment, addresses }],
    routes: [
      ...known.map(({ segment, internetRouter }) => ({ destination: segment, via: internetRouter })),
      ...families
        .flatMap((family): readonly string[] => privateRanges[family])
        .map((destination) => ({ destination, via: 'unreachable' })),
      ...beyond.map((destination) => ({
        destination,
        via: labAddressesOf[familyOf(destination)].internetRouter,
      })),
    ],
    answersForAll: true,
  };
}

function onSegment(addresses: readonly string[], segment: string): Machine['interfaces'][number] {
  const withLength = addresses.map((address) => address + bitsOf(labAddressesOf[familyOf(address)].segment));
  return { name: 'eth0', segment, addresses: withLength };
}

/**
 * Behind what a routing daemon has learned: FRR writes metric 20, BIRD 32. FRR takes the first octet of a kernel route's
 * metric for its administrative distance, and would keep what it has learned of the same prefix out of the kernel.
 */
const lastResort = 0xfe00_0000;

/** Whoever is on the segment is found there without a route. */
function isOnSegment(text: string): boolean {
  const [segment, prefix] = [parsePrefix(labAddressesOf[familyOf(text)].segment), parsePrefix(text)];
  return segment !== undefined && prefix !== undefined && contains(segment, prefix.network);
}

/** Everything of the family by this next hop. */
function defaultRoute(via: string): MachineRoute {
  return { destination: everyAddress[familyOf(via)], via };
}

const bitsOf = (prefix: string): string => prefix.slice(prefix.indexOf('/'));
