import type { MultiNetworkPolicy } from '../../api/types/layer2.ts';
import type { LabelSelector } from '../../api/types/meta.ts';
import type { NetworkPolicyPeer } from '../../api/types/network.ts';
import { compilePolicy, type CompiledPolicy } from './compile.ts';

/** Says which networks a MultiNetworkPolicy is about: `[NAMESPACE/]NAME`, with commas between them. */
export const policyForAnnotation = 'k8s.v1.cni.cncf.io/policy-for';

/**
 * The label by which interfaces of pods are told apart: the `namespace/name` of the network that each is on. No object can
 * have it, for a name has no blank in it.
 */
export const networkLabel = 'on network';

/** `namespace/name` of the networks that a policy is about, in its order; none without the annotation. */
export function networksOfPolicy({ metadata }: MultiNetworkPolicy): string[] {
  const { namespace = 'default', annotations } = metadata;
  const names = (annotations?.[policyForAnnotation] ?? '').split(',').map((name) => name.trim());
  const full = names.filter(Boolean).map((name) => (name.includes('/') ? name : `${namespace}/${name}`));
  return [...new Set(full)];
}

/**
 * Spells a policy out for the interfaces of pods: it is about those on its networks, and whoever its selectors name is meant
 * by the interfaces on these as well. The key is `namespace/name`.
 */
export function compileMultiPolicy(key: string, policy: MultiNetworkPolicy): CompiledPolicy {
  const networks = networksOfPolicy(policy);
  const onThem = ({ matchExpressions = [], ...pods }: LabelSelector): LabelSelector => ({
    ...pods,
    matchExpressions: [...matchExpressions, { key: networkLabel, operator: 'In', values: networks }],
  });
  const peers = (some: readonly NetworkPolicyPeer[] | undefined): NetworkPolicyPeer[] | undefined =>
    some?.map((peer) =>
      selectsPods(peer) ? { ...peer, podSelector: onThem(peer.podSelector ?? {}) } : peer,
    );
  const { podSelector = {}, ingress, egress, ...spec } = policy.spec ?? {};
  const compiled = compilePolicy(key, {
    ...policy,
    spec: {
      ...spec,
      podSelector: onThem(podSelector),
      ...(ingress && { ingress: ingress.map(({ from, ...rule }) => withList(rule, 'from', peers(from))) }),
      ...(egress && { egress: egress.map(({ to, ...rule }) => withList(rule, 'to', peers(to))) }),
    },
  });
  return { ...compiled, kind: 'MultiNetworkPolicy' };
}

const selectsPods = ({ podSelector, namespaceSelector }: NetworkPolicyPeer): boolean =>
  podSelector !== undefined || namespaceSelector !== undefined;

/** A list that is absent stays absent, which means everybody. */
function withList<R extends object, F extends string, T>(
  rule: R,
  field: F,
  list: T[] | undefined,
): R & Partial<Record<F, T[]>> {
  return list === undefined ? rule : { ...rule, [field]: list };
}
