import type { NetworkPolicyPort } from '../../api/types/network.ts';
import type { Protocol } from '../../api/types/meta.ts';
import type { PolicyDecision } from '../../model/policy/port.ts';
import { stranger, type ClusterIndex } from '../cluster-index.ts';

/** What a pod's policies say to a pod that nobody described. */
export interface StrangerVerdict {
  /** `unknown` where it depends on the labels that it has. */
  readonly verdict: 'allowed' | 'denied' | 'unknown';
  readonly decision: PolicyDecision;
}

interface Asked {
  readonly pod: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** Judges a connection from a pod of another namespace of which nothing else is known. */
export function judgeStranger({ cluster, policies }: ClusterIndex, asked: Asked): StrangerVerdict {
  const decision = policies.decide({ ...asked, direction: 'ingress', peer: { pod: stranger } });
  if (decision.verdict === 'allowed') return { verdict: 'allowed', decision };
  const isAdmitting = decision.isolatedBy.some((key) =>
    cluster.networkPolicies
      .get(key)
      ?.spec.ingress?.some(({ ports }) => ports?.some((one) => mayBe(one, asked)) ?? true),
  );
  const tiers = [
    ...cluster.clusterNetworkPolicies.values(),
    ...cluster.adminNetworkPolicies.values(),
    ...cluster.baselineAdminNetworkPolicies.values(),
  ];
  const mayPass = tiers.some(({ spec }) => spec.ingress?.some(({ action }) => action !== 'Deny'));
  return { verdict: isAdmitting || mayPass ? 'unknown' : 'denied', decision };
}

/** Whether a rule's port may be the one that is asked for; a name may be any. */
function mayBe({ protocol = 'TCP', port: first, endPort }: NetworkPolicyPort, asked: Asked): boolean {
  if (protocol !== asked.protocol) return false;
  return typeof first !== 'number' || (asked.port >= first && asked.port <= (endPort ?? first));
}
