import type { ClusterIndex } from '../cluster-index.ts';
import type { Judged } from '../flow.ts';
import type { Edit } from './edit.ts';
import { namespaceNameLabel } from '../../api/selector.ts';
import { partyOf } from './peers.ts';

/** A NetworkPolicy for the workload of a pod: with this rule, or with none, so that it denies all. */
export function newPolicy(index: ClusterIndex, judged: Judged, rule?: object): Edit {
  const { direction, pod, peerAddress } = judged;
  const { namespace, selector, name: own } = partyOf(index, pod);
  const peer = index.podAt.get(peerAddress);
  const other = peer === undefined ? peerAddress.replaceAll(':', '-') : partyOf(index, peer).name;
  const towards = direction === 'ingress' ? 'from' : 'to';
  const name = unused(
    index,
    namespace,
    rule === undefined ? `${own}-${direction}` : `${own}-${towards}-${other}`,
  );
  const value = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec: {
      podSelector: selector,
      policyTypes: [direction === 'ingress' ? 'Ingress' : 'Egress'],
      ...(rule !== undefined && { [direction]: [rule] }),
    },
  };
  return { action: 'create', kind: 'NetworkPolicy', key: `${namespace}/${name}`, path: '', value };
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

function unused({ cluster }: ClusterIndex, namespace: string, name: string): string {
  return free(name, (one) => cluster.networkPolicies.has(`${namespace}/${one}`));
}

function free(name: string, isTaken: (name: string) => boolean): string {
  let found = name;
  for (let count = 2; isTaken(found); count += 1) found = `${name}-${count}`;
  return found;
}
