import { indexOf } from '../../../src/analysis/cluster-index.ts';
import { familyOf, type Family } from '../../../src/lib/address.ts';
import type { Cluster } from '../../../src/model/cluster.ts';
import { ownAddresses } from '../../../src/model/network/pod-addresses.ts';
import { everyNodeAddress } from '../../../src/model/network/topology.ts';
import { podLinkName } from '../../../src/plan/links/node.ts';
import type { PlannedElement } from '../../../src/plan/elements/planned-elements.ts';
import {
  namedElements,
  peerElements,
  podElements,
  podRows,
  stemElements,
} from '../../../src/plan/policy/elements.ts';
import { createPolicyNumbers } from '../../../src/plan/policy/numbers.ts';
import { policySkeleton } from '../../../src/plan/policy/skeleton.ts';
import { createTracer, type TracedPacket } from '../../../src/plan/policy/testing/trace.ts';

/** Whether the policy table of a node lets a packet of one of its pods pass, in one direction. */
export type Passes = (node: string, direction: 'ingress' | 'egress', packet: TracedPacket) => boolean;

/** The policy tables of all nodes as their agents would fill them, traced instead of run by a kernel. */
export function traceNodes(cluster: Cluster, family: Family): Passes {
  const { policies, places } = indexOf(cluster);
  const numbers = createPolicyNumbers();
  const pods = [...cluster.pods].flatMap(([key, pod]) =>
    ownAddresses(pod)
      .filter((address) => familyOf(address) === family)
      .map((address) => ({
        key,
        node: pod.spec.nodeName,
        link: podLinkName(pod.metadata.uid ?? key),
        address,
      })),
  );
  const peers = pods.flatMap(({ key, address }) => peerElements(address, policies.classOf(key)));
  const skeleton = policySkeleton({ podLinks: 'weft*', family, tunnels: [] });
  const tracers = new Map(
    [...places].map(([node, place]) => {
      const elements: PlannedElement[] = [
        ...everyNodeAddress(place)
          .filter((address) => familyOf(address) === family)
          .map((address) => ({ set: 'resident', key: [address] })),
        ...peers,
        ...pods
          .filter((pod) => pod.node === node)
          .flatMap((pod) => {
            const policy = policies.policyOf(pod.key);
            const rows = [...podRows(policy)].flatMap((row) => [
              ...stemElements(row.stem, family, numbers),
              ...namedElements(row, family, numbers),
            ]);
            return [...podElements(pod, policy, numbers), ...rows];
          }),
      ];
      return [node, createTracer(skeleton, elements)] as const;
    }),
  );
  return (node, direction, packet) => {
    const trace = tracers.get(node);
    if (trace === undefined) throw new RangeError(`no node ${node}`);
    return trace(`${direction}-of-pod`, packet).verdict === 'pass';
  };
}
