import assert from 'node:assert/strict';
import type { NetworkNamespaces } from '../../src/kernel/netns/port.ts';
import { createNetworkNamespaces } from '../../src/kernel/netns/real.ts';
import { createNftables } from '../../src/kernel/nft/nftables.ts';
import type { NftElement } from '../../src/kernel/nft/port.ts';
import { createRouteNetlink } from '../../src/kernel/route/real.ts';
import type { Sockets } from '../../src/kernel/sockets/port.ts';
import { createSockets } from '../../src/kernel/sockets/sockets.ts';
import { nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { modelTraits } from '../../src/model/network/models.ts';
import type { NodePlace } from '../../src/model/network/topology.ts';
import { podInside, podOnNode } from '../../src/plan/links/pod.ts';
import { diffNamespace, emptyNamespace } from '../../src/plan/links/diff.ts';
import { policySets, policyTables } from '../../src/plan/policy/skeleton.ts';
import type { TestLab } from '../support/lab.ts';

const netns = 'rogue';

/** A namespace that looks like a pod but that no agent knows. */
export interface Rogue {
  readonly address: string;
  readonly sockets: Sockets;
  /** Whether a datagram came since the last question. */
  heard(): boolean;
  /** Connects it with the node exactly as a pod is. */
  wire(): void;
  /** Whether the node still has its link. */
  isWired(): boolean;
  /** Writes into the node's table by hand what the agent would. */
  introduce(): void;
  /** Whether any of that is there. */
  isIntroduced(): boolean;
  close(): void;
}

/** The lab's namespaces and one of our own, which cannot be pinned beside them from this mount namespace. */
function withRogue(lab: TestLab, own: NetworkNamespaces): NetworkNamespaces {
  const holderOf = (name: string): NetworkNamespaces => (name === netns ? own : lab.namespaces);
  return {
    create: (name) => holderOf(name).create(name),
    open: (name) => holderOf(name).open(name),
    release: (name) => holderOf(name).release(name),
    list: () => [...lab.namespaces.list(), ...own.list()],
    delete: (name) => holderOf(name).delete(name),
    inside: (entered, fn) => own.inside(entered, fn),
    close: () => own.close(),
  };
}

/** Makes the namespace, to be wired to a node behind the agent's back. Its pin is made in `directory`. */
export function createRogue(lab: TestLab, directory: string, place: NodePlace): Rogue {
  const own = createNetworkNamespaces({ directory });
  const namespaces = withRogue(lab, own);
  own.create(netns);
  const address = place.podCidr.replace(/0\/24$/, '200');
  const pod = { uid: 'rogue', addresses: [address], netns };
  const node = nodeNetns(place.name);
  const route = createRouteNetlink({ namespaces });
  const nft = createNftables({ namespaces });
  const wires = podOnNode(place, pod, modelTraits.calico);
  const sockets = createSockets({ namespaces });
  const fd = sockets.listen(netns, { protocol: 'udp', port: 7001 });
  const [link = ''] = wires.links.keys();
  const elements: readonly { set: keyof typeof policySets.IPv4; element: NftElement }[] = [
    { set: 'pod-interfaces', element: { key: [link, address] } },
    { set: 'ingress', element: { key: [address], value: { verdict: 'return' } } },
    { set: 'egress', element: { key: [address], value: { verdict: 'return' } } },
  ];
  return {
    address,
    sockets,
    wire() {
      assert.deepEqual(route.apply(node, diffNamespace(emptyNamespace, wires)), []);
      assert.deepEqual(
        route.apply(netns, diffNamespace(emptyNamespace, podInside(place, pod, modelTraits.calico))),
        [],
      );
    },
    isWired: () => route.dump(node).links.has(link),
    heard() {
      let heard = false;
      while (sockets.receive(fd).kind === 'data') heard = true;
      return heard;
    },
    introduce() {
      nft.change(
        node,
        elements.map(({ set, element }) => ({
          action: 'add',
          ...policyTables.IPv4,
          set,
          type: policySets.IPv4[set],
          element,
        })),
      );
    },
    isIntroduced: () =>
      elements.some(({ set }) =>
        nft
          .elements(node, { ...policyTables.IPv4, set }, policySets.IPv4[set])
          .some(({ key }) => key.includes(address)),
      ),
    close() {
      sockets.close(fd);
      nft.close();
      route.close();
      own.delete(netns);
    },
  };
}
