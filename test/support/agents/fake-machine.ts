import { createFakeConntrack, type FakeConntrack } from '../../../src/kernel/conntrack/fake.ts';
import { createFakeDriftWatch, type FakeDriftWatch } from '../../../src/kernel/drift/fake.ts';
import { createFakeSegment, type FakeSegment } from '../../../src/kernel/frames/fake.ts';
import { createFakeNetworkNamespaces } from '../../../src/kernel/netns/fake.ts';
import type { NetworkNamespaces } from '../../../src/kernel/netns/port.ts';
import { createFakeNftables, type FakeNftables } from '../../../src/kernel/nft/fake.ts';
import { createFakePacketLog, type FakePacketLog } from '../../../src/kernel/nft/fake-packet-log.ts';
import type { NftElement } from '../../../src/kernel/nft/port.ts';
import { createFakeRouteNetlink } from '../../../src/kernel/route/fake.ts';
import type { RouteNetlink } from '../../../src/kernel/route/port.ts';
import { createFakeSysctl } from '../../../src/kernel/sysctl/fake.ts';
import type { Sysctl } from '../../../src/kernel/sysctl/port.ts';
import { macOf } from '../../../src/model/network/places.ts';
import type { NodePlace } from '../../../src/model/network/topology.ts';
import { policySets, policyTables } from '../../../src/plan/policy/skeleton.ts';

/** A kernel in memory with the namespaces of two nodes, which outlives the agents of a test. */
export interface FakeMachine {
  readonly namespaces: NetworkNamespaces;
  readonly nft: FakeNftables;
  readonly route: RouteNetlink;
  readonly sysctl: Sysctl;
  readonly conntrack: FakeConntrack;
  readonly packetLog: FakePacketLog;
  readonly drift: FakeDriftWatch;
  readonly release: string;
  readonly frames: FakeSegment;
  /** Makes the machine of another node. */
  addNode(node: NodePlace): void;
  /** The elements of a set of a node's policy table, by key. */
  policySet(node: string, set: keyof typeof policySets.IPv4): Map<string, NftElement['value']>;
}

export const twoNodes: readonly [NodePlace, NodePlace] = [
  { name: 'n1', address: '172.20.1.1', podCidr: '10.244.0.0/24', tunnelAddress: '10.244.0.0' },
  { name: 'n2', address: '172.20.1.2', podCidr: '10.244.1.0/24', tunnelAddress: '10.244.1.0' },
];

export const netnsOfNode = (node: string): string => `node-${node}`;

export function createFakeMachine(): FakeMachine {
  const namespaces = createFakeNetworkNamespaces();
  const nft = createFakeNftables({ namespaces });
  const route = createFakeRouteNetlink({ namespaces });
  const frames = createFakeSegment();
  namespaces.create('segment');
  const addNode = ({ name, address }: NodePlace): void => {
    const netns = netnsOfNode(name);
    namespaces.create(netns);
    const cable = { kind: 'veth', name: `to-${name}`, peer: { name: 'eth0', namespace: netns } } as const;
    route.apply('segment', [{ action: 'add-link', link: cable }]);
    route.apply(netns, [{ action: 'add-address', address: { link: 'eth0', address: `${address}/16` } }]);
    frames.attach(netns, 'eth0', macOf(address));
  };
  for (const node of twoNodes) addNode(node);
  return {
    addNode,
    namespaces,
    nft,
    route,
    sysctl: createFakeSysctl({ namespaces }),
    conntrack: createFakeConntrack({ namespaces }),
    packetLog: createFakePacketLog({ namespaces }),
    drift: createFakeDriftWatch(),
    release: '6.1.0',
    frames,
    policySet(node, set) {
      const elements = nft.elements(netnsOfNode(node), { ...policyTables.IPv4, set }, policySets.IPv4[set]);
      return new Map(elements.map(({ key, value }) => [key.join(' '), value]));
    },
  };
}
