import type { EgressPeer, PolicySubject } from '../../api/types/policy.ts';
import type { MultiNetworkPolicy } from '../../api/types/layer2.ts';
import type { NetworkPolicyPeer, NetworkPolicyPort } from '../../api/types/network.ts';
import { networksOfPolicy } from '../../model/policy/compile-multi.ts';
import type { PolicyRule } from '../../model/policy/port.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import type { Judged } from '../flow.ts';
import { decisionAt } from '../predict/policy-stage.ts';
import { objectAt, valueAt, type Edit } from './edit.ts';
import { newPolicy, newTierPolicy } from './new-policy.ts';
import { isJust, networkPeer, partyOf, peerPodOf, tierPeer, type Party } from './peers.ts';
import { tierRule } from './tier-rule.ts';

/**
 * Changes that may let through what the policies of a pod deny, each for itself; the smallest first. Whether they do is to
 * be tried: a policy of another tier may still be in the way.
 */
export function openingEdits(index: ClusterIndex, judged: Judged): Edit[] {
  const last = decisionAt(index, judged).steps.at(-1);
  if (last === undefined) return [];
  const { tier, rules } = last;
  if (judged.domain !== undefined) return openingName(index, judged, rules);
  if (tier === 'NetworkPolicy') return openingIsolation(index, judged, rules);
  const peer = tierPeer(index, judged);
  return peer === undefined ? [] : rules.map((rule) => acceptBefore(rule, judged, peer));
}

function acceptBefore(
  { kind, policy: key, rule: path }: PolicyRule,
  judged: Judged,
  peer: PolicySubject | EgressPeer,
): Edit {
  return { action: 'insert', kind, key, path, value: tierRule(kind, 'Accept', judged, peer) };
}

/** NetworkPolicies have no names: where one of them denies, a policy of tier Admin has to decide before it. */
function openingName(index: ClusterIndex, judged: Judged, rules: readonly PolicyRule[]): Edit[] {
  const peer = { domainNames: [judged.domain ?? ''] };
  const inTiers = rules
    .filter(({ kind }) => kind === 'ClusterNetworkPolicy')
    .map((rule) => acceptBefore(rule, judged, peer));
  return [...inTiers, newTierPolicy(index, judged, tierRule('ClusterNetworkPolicy', 'Accept', judged, peer))];
}

/** What one of the policies that isolate a pod would have to have. */
interface Wanted {
  readonly peer: NetworkPolicyPeer;
  /** Undefined for what has no ports: only a rule without any allows it. */
  readonly port: NetworkPolicyPort | undefined;
  /** Undefined for an address. */
  readonly party: Party | undefined;
}

/** A policy that isolates the pod, or the interface. */
interface Isolating {
  readonly kind: PolicyRule['kind'];
  readonly key: string;
  /** A NetworkPolicy has the same spec. */
  readonly policy: MultiNetworkPolicy;
}

function openingIsolation(index: ClusterIndex, judged: Judged, isolating: readonly PolicyRule[]): Edit[] {
  const { pod, direction, protocol, port } = judged;
  const subject = partyOf(index, pod);
  const peerPod = peerPodOf(index, judged);
  const wanted: Wanted = {
    peer: networkPeer(index, judged, subject.namespace),
    port: protocol === 'other' ? undefined : { protocol, port },
    party: peerPod === undefined ? undefined : partyOf(index, peerPod),
  };
  const policies = isolating.flatMap(({ kind, policy: key }): Isolating[] => {
    const policy: MultiNetworkPolicy | undefined = objectAt(index.cluster, kind, key);
    return policy === undefined ? [] : [{ kind, key, policy }];
  });
  const own = policies.filter(
    ({ kind, policy }) =>
      isJust(index.cluster, subject, { podSelector: policy.spec?.podSelector ?? {} }, subject.namespace) &&
      (kind !== 'MultiNetworkPolicy' || networksOfPolicy(policy).length === 1),
  );
  // What is written for others is not to open anything for them: those get a policy beside it.
  const within = own.flatMap((one) => inRules(index, one, { direction, wanted }));
  const rules = own
    .filter(({ policy: { spec } }) => (spec?.[direction] ?? []).length > 0)
    .map((one) => add(one, `spec.${direction}`, ruleOf(direction, wanted)));
  return [...within, ...rules, newPolicy(index, judged, ruleOf(direction, wanted))];
}

/** A port that a rule for just this peer lacks, or a peer that a rule for just this port lacks. */
function inRules(
  { cluster }: ClusterIndex,
  one: Isolating,
  { direction, wanted }: { readonly direction: Judged['direction']; readonly wanted: Wanted },
): Edit[] {
  const { key, policy } = one;
  const side = direction === 'ingress' ? 'from' : 'to';
  const namespace = key.slice(0, key.indexOf('/'));
  return (policy.spec?.[direction] ?? []).flatMap((rule, index) => {
    const path = `spec.${direction}[${index}]`;
    const peers = (valueAt(rule, side) ?? []) as readonly NetworkPolicyPeer[];
    const ports = rule.ports ?? [];
    const isPeer = peers.length === 1 && peers.every((peer) => isSamePeer(peer));
    if (isPeer && ports.length > 0 && wanted.port !== undefined)
      return [add(one, `${path}.ports`, wanted.port)];
    const isPort =
      wanted.port === undefined
        ? ports.length === 0
        : ports.length === 1 && ports.every((port) => isSamePort(port));
    return isPort && peers.length > 0 ? [add(one, `${path}.${side}`, wanted.peer)] : [];
  });

  function isSamePeer(peer: NetworkPolicyPeer): boolean {
    if (wanted.party !== undefined) return isJust(cluster, wanted.party, peer, namespace);
    const { ipBlock } = wanted.peer;
    return peer.ipBlock?.cidr === ipBlock?.cidr && (peer.ipBlock?.except ?? []).length === 0;
  }

  function isSamePort({ protocol = 'TCP', port, endPort }: NetworkPolicyPort): boolean {
    return protocol === wanted.port?.protocol && port === wanted.port.port && endPort === undefined;
  }
}

function add({ kind, key }: Pick<Isolating, 'kind' | 'key'>, path: string, value: unknown): Edit {
  return { action: 'add', kind, key, path, value };
}

function ruleOf(direction: Judged['direction'], { peer, port }: Wanted): object {
  return { [direction === 'ingress' ? 'from' : 'to']: [peer], ...(port !== undefined && { ports: [port] }) };
}
