import { selectorKey } from '../../api/selector.ts';
import type { AddressRange } from '../../lib/prefix.ts';
import type { CompiledRule } from '../../model/policy/compile.ts';
import { intersectPorts, portSetKey } from '../../model/policy/port-set.ts';
import { inRange } from '../../model/policy/ranges.ts';
import type { PolicyFacts, RuleFacts } from './policy-facts.ts';

/**
 * A rule that allows all that this one does, whatever pods there are: for the same pods at least, to the same peers and
 * ports at least. Of two equal rules the first covers the second, and not the other way round.
 */
export function coveringRule(
  policies: readonly PolicyFacts[],
  policy: PolicyFacts,
  rule: RuleFacts,
): { readonly policy: string; readonly rule: string } | undefined {
  for (const other of policies) {
    if (!selectsAllOf(other, policy)) continue;
    for (const wider of other.rules) {
      if (wider.direction !== rule.direction || wider === rule) continue;
      if (!covers(wider.compiled, rule.compiled)) continue;
      if (covers(rule.compiled, wider.compiled) && selectsAllOf(policy, other)) {
        if (isBefore(policy, rule, { policy: other, rule: wider })) continue;
      }
      return { policy: other.key, rule: wider.path };
    }
  }
  return undefined;
}

function isBefore(
  policy: PolicyFacts,
  rule: RuleFacts,
  other: { readonly policy: PolicyFacts; readonly rule: RuleFacts },
): boolean {
  if (policy !== other.policy) return policy.key < other.policy.key;
  return policy.rules.indexOf(rule) < policy.rules.indexOf(other.rule);
}

/** Whether the selector of the first selects whatever that of the second does. */
function selectsAllOf(wide: PolicyFacts, narrow: PolicyFacts): boolean {
  // One that is only tried out covers nothing that is enforced.
  if (wide.namespace !== narrow.namespace || wide.compiled.mode !== narrow.compiled.mode) return false;
  const key = selectorKey(wide.compiled.subject.pods);
  return key === '' || key === selectorKey(narrow.compiled.subject.pods);
}

function covers(wide: CompiledRule, narrow: CompiledRule): boolean {
  return coversPeers(wide, narrow) && coversPorts(wide, narrow);
}

function coversPeers({ peers: wide }: CompiledRule, { peers: narrow }: CompiledRule): boolean {
  if (wide === 'anywhere') return true;
  if (narrow === 'anywhere') return false;
  const keys = new Set(wide.pods.map(({ key }) => key));
  return narrow.pods.every(({ key }) => keys.has(key)) && coversRanges(wide.ranges, narrow.ranges);
}

/** Whether each of the second lies within one of the first. */
export function coversRanges(wide: readonly AddressRange[], narrow: readonly AddressRange[]): boolean {
  return narrow.every(({ first, last }) =>
    wide.some((range) => inRange(range, first) && inRange(range, last)),
  );
}

/** Whether a rule has all ports that another one has, at whichever pods. */
export function coversPorts({ ports: wide }: CompiledRule, { ports: narrow }: CompiledRule): boolean {
  const names = new Set(wide.named.map(({ protocol, name }) => `${protocol} ${name}`));
  const isNumbered =
    portSetKey(intersectPorts(wide.numbered, narrow.numbered)) === portSetKey(narrow.numbered);
  if (!isNumbered) return false;
  return (
    wide.numbered === 'all' || narrow.named.every(({ protocol, name }) => names.has(`${protocol} ${name}`))
  );
}
