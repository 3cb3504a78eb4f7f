import { parseAddress } from '../../lib/address.ts';
import type { PolicyDecision, PolicyQuestion } from '../../model/policy/port.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import type { Reason, SourceOf } from '../flow.ts';

/** A packet at a pod's link. */
export interface PolicyStage {
  readonly direction: 'ingress' | 'egress';
  readonly pod: string;
  /** The pod's own address, and the address at the other end as the pod's node sees it. */
  readonly address: string;
  readonly peerAddress: string;
  readonly protocol: PolicyQuestion['protocol'];
  readonly port: number;
}

/**
 * What the policies of a pod say, with their reasons. Two things stand above every policy: the pod's own node
 * may always reach it and be reached (kubelet probes; NetworkPolicy documentation), and a pod reaches itself.
 */
export function policyReasons(
  index: ClusterIndex,
  stage: PolicyStage,
  sourceOf: SourceOf | undefined,
): Reason[] {
  const { direction, pod, address, peerAddress } = stage;
  const always = (object: string, rule: string): Reason[] => [
    { stage: direction, object, rule, verdict: 'allowed' },
  ];
  const node = index.nodeAt.get(peerAddress);
  if (node !== undefined && node === index.cluster.pods.get(pod)?.spec.nodeName) {
    return always(`Node ${node}`, "a pod's own node is always let through");
  }
  if (address === peerAddress) return always(`Pod ${pod}`, 'a pod always reaches itself');
  const decision = index.policies.decide({
    direction,
    pod,
    peer: { pod: index.podAt.get(peerAddress), address: parseAddress(peerAddress) },
    protocol: stage.protocol,
    port: stage.port,
  });
  if (decision.isolatedBy.length === 0) return always(`Pod ${pod}`, `no policy isolates it for ${direction}`);
  return decidingRules(decision).map(({ policy, rule }) => ({
    stage: direction,
    object: `NetworkPolicy ${policy}`,
    rule,
    verdict: decision.verdict,
    ...sourceOf?.({ kind: 'NetworkPolicy', key: policy }, rule),
  }));
}

/** The rules that allow; or, since nothing allows, the selection of the pod by each policy that isolates it. */
function decidingRules({ verdict, isolatedBy, allowedBy }: PolicyDecision): PolicyDecision['allowedBy'] {
  return verdict === 'allowed'
    ? allowedBy
    : isolatedBy.map((policy) => ({ policy, rule: 'spec.podSelector' }));
}
