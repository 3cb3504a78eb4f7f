import type { ClusterIndex } from '../cluster-index.ts';
import type { Judged } from '../flow.ts';
import type { Edit } from './edit.ts';
import { namespaceNameLabel } from '../../api/selector.ts';
import { policyForAnnotation } from '../../model/policy/compile-multi.ts';
import { partyOf, peerPodOf } from './peers.ts';

/**
 * A NetworkPolicy for the workload of a pod, or a MultiNetworkPolicy for its interface: with this rule, or with none, so that
 * it denies all.
 */
export function newPolicy(index: ClusterIndex, judged: Judged, rule?: object): Edit {
  const { direction, pod, peerAddress, interface: further } = judged;
  const { namespace, selector, name: own } = partyOf(index, pod);
  const peer = peerPodOf(index, judged);
  const kind = further === undefined ? 'NetworkPolicy' : 'MultiNetworkPolicy';
  const other = peer === undefined ? peerAddress.replaceAll(':', '-') : partyOf(index, peer).name;
  const towards = direction === 'ingress' ? 'from' : 'to';
  const name = unused(
    objectsOf(index, kind),
    namespace,
    rule === undefined ? `${own}-${direction}` : `${own}-${towards}-${other}`,
  );
  const value = {
    apiVersion: kind === 'NetworkPolicy' ? 'networking.k8s.io/v1' : 'k8s.cni.cncf.io/v1beta1',
    kind,
    metadata: { name, namespace, ...(further && { annotations: policyFor(index, further.key, namespace) }) },
    spec: {
      podSelector: selector,
      policyTypes: [direction === 'ingress' ? 'Ingress' : 'Egress'],
      ...(rule !== undefined && { [direction]: [rule] }),
    },
  };
  return { action: 'create', kind, key: `${namespace}/${name}`, path: '', value };
}

/** A ClusterNetworkPolicy for the workload of a pod with this rule, which is asked before all others. */
export function newTierPolicy(index: ClusterIndex, { direction, pod }: Judged, rule: object): Edit {
  const { namespace, selector, name: own } = partyOf(index, pod);
  const kind = 'ClusterNetworkPolicy';
  const taken = new Set(index.cluster.clusterNetworkPolicies.keys());
  const name = free(`${namespace}-${own}`, (one) => taken.has(one));
  const value = {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind,
    metadata: { name },
    spec: {
      tier: 'Admin',
      priority: 0,
      subject: {
        pods: {
          namespaceSelector: { matchLabels: { [namespaceNameLabel]: namespace } },
          podSelector: selector,
        },
      },
      [direction]: [rule],
    },
  };
  return { action: 'create', kind, key: name, path: '', value };
}

/** What says that a policy is about the network of an interface. */
function policyFor({ segments }: ClusterIndex, key: string, namespace: string): Record<string, string> {
  const network = segments?.interfaces.get(key)?.network ?? '';
  const own = `${namespace}/`;
  return { [policyForAnnotation]: network.startsWith(own) ? network.slice(own.length) : network };
}

const objectsOf = (
  { cluster }: ClusterIndex,
  kind: 'NetworkPolicy' | 'MultiNetworkPolicy',
): ReadonlyMap<string, unknown> =>
  kind === 'NetworkPolicy' ? cluster.networkPolicies : (cluster.multiNetworkPolicies ?? new Map());

function unused(taken: ReadonlyMap<string, unknown>, namespace: string, name: string): string {
  return free(name, (one) => taken.has(`${namespace}/${one}`));
}

function free(name: string, isTaken: (name: string) => boolean): string {
  let found = name;
  for (let count = 2; isTaken(found); count += 1) found = `${name}-${count}`;
  return found;
}
