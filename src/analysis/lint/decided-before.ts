import { selectorKey } from '../../api/selector.ts';
import type { CompiledRule, PodPeer, PolicyKind } from '../../model/policy/compile.ts';
import { intersectPorts } from '../../model/policy/port-set.ts';
import type { ClusterPolicyFacts, ClusterRuleFacts } from './cluster-policy-facts.ts';
import { coversPorts, coversRanges } from './covers.ts';

/** A rule of a tier with an order, in its policy. */
export interface OrderedRule {
  readonly policy: ClusterPolicyFacts;
  readonly rule: ClusterRuleFacts;
}

/** What a rule is asked about: the pods of its policy, and what the rule itself says. */
export interface Asked {
  readonly subject: PodPeer;
  readonly direction: 'ingress' | 'egress';
  readonly rule: CompiledRule;
}

/** The rules that are enforced in one tier, in the order in which they are asked. */
export function orderedRules(
  policies: readonly ClusterPolicyFacts[],
  tier: 'Admin' | 'Baseline',
): OrderedRule[] {
  return policies
    .filter(({ compiled }) => compiled.tier === tier && compiled.mode === 'enforce')
    .flatMap((policy) => policy.rules.map((rule) => ({ policy, rule })));
}

/**
 * The first of these rules that decides all that is asked about, whatever pods there are; undefined where one before it
 * may have said something else about a part: then there is a part that it does not decide.
 */
export function decidesAllOf(
  rules: readonly OrderedRule[],
  asked: Asked,
  mayComeBefore: (action: CompiledRule['action']) => boolean,
): OrderedRule | undefined {
  for (const one of rules) {
    const { policy, rule } = one;
    if (rule.direction !== asked.direction) continue;
    if (selectsAllOf(policy.compiled.subject, asked.subject) && covers(rule.compiled, asked.rule)) return one;
    if (!mayComeBefore(rule.compiled.action) && sharesPorts(rule.compiled, asked.rule)) return undefined;
  }
  return undefined;
}

export const nameOfRule = ({
  policy,
  rule,
}: {
  readonly policy: { readonly kind: PolicyKind; readonly key: string };
  readonly rule: { readonly path: string };
}): string => `${rule.path} of ${policy.kind} ${policy.key}`;

function covers(wide: CompiledRule, narrow: CompiledRule): boolean {
  return coversPeers(wide, narrow) && coversPorts(wide, narrow);
}

function coversPeers({ peers: wide }: CompiledRule, { peers: narrow }: CompiledRule): boolean {
  if (wide === 'anywhere') return true;
  if (narrow === 'anywhere') return false;
  const groups = new Set(wide.groups.map(({ key }) => key));
  return (
    narrow.pods.every((peer) => wide.pods.some((other) => selectsAllOf(other, peer))) &&
    narrow.groups.every(({ key }) => groups.has(key)) &&
    coversRanges(wide.ranges, narrow.ranges)
  );
}

/** Whether the first selects whatever pods the second does, whichever there are. */
function selectsAllOf(wide: PodPeer, narrow: PodPeer): boolean {
  if (wide.key === narrow.key) return true;
  const podsKey = selectorKey(wide.pods);
  if (podsKey !== '' && podsKey !== selectorKey(narrow.pods)) return false;
  const namespaces = keyOfNamespaces(wide);
  return namespaces === '' || namespaces === keyOfNamespaces(narrow);
}

const keyOfNamespaces = ({ namespaces }: PodPeer): string =>
  'name' in namespaces ? `name ${namespaces.name}` : selectorKey(namespaces.selector);

/** Names of ports may be any. */
function sharesPorts({ ports: a }: CompiledRule, { ports: b }: CompiledRule): boolean {
  if (a.named.length + b.named.length > 0) return true;
  const both = intersectPorts(a.numbered, b.numbered);
  return both === 'all' || both.length > 0;
}
