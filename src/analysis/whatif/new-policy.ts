import type { ClusterIndex } from '../cluster-index.ts';
import type { Judged } from '../flow.ts';
import type { Edit } from './edit.ts';
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

function unused({ cluster }: ClusterIndex, namespace: string, name: string): string {
  let free = name;
  for (let count = 2; cluster.networkPolicies.has(`${namespace}/${free}`); count += 1)
    free = `${name}-${count}`;
  return free;
}
