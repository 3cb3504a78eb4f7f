import type { PolicyRule } from './port.ts';
import { pathMatches } from './rule.ts';

/**
 * What of `wanted` no rule that is held covers, as small rules put together again by what they are about; empty
 * where all is covered. Each verb, group, resource and name is held by one rule as a whole or not at all, as upstream
 * has it: two rules never add up to one.
 */
export function missingRules(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  const missing = wanted
    .flatMap((rule) => [...brokenDown(rule)])
    .filter((one) => !held.some((it) => covers(it, one)));
  return compacted(missing);
}

/** Every combination of one rule; a rule of names keeps all of them apart too. */
function* brokenDown(rule: PolicyRule): Iterable<PolicyRule> {
  const names = rule.resourceNames ?? [];
  for (const verb of rule.verbs) {
    for (const group of rule.apiGroups ?? []) {
      for (const resource of rule.resources ?? []) {
        const one = { verbs: [verb], apiGroups: [group], resources: [resource] };
        if (names.length === 0) yield one;
        for (const name of names) yield { ...one, resourceNames: [name] };
      }
    }
    for (const url of rule.nonResourceURLs ?? []) yield { verbs: [verb], nonResourceURLs: [url] };
  }
}

function covers(held: PolicyRule, one: PolicyRule): boolean {
  return (
    hasAll(held.verbs, one.verbs) &&
    hasAll(held.apiGroups ?? [], one.apiGroups ?? []) &&
    (one.resources ?? []).every((resource) => coversResource(held.resources ?? [], resource)) &&
    (one.nonResourceURLs ?? []).every((url) => coversUrl(held.nonResourceURLs ?? [], url)) &&
    coversNames(held.resourceNames ?? [], one.resourceNames ?? [])
  );
}

function hasAll(held: readonly string[], wanted: readonly string[]): boolean {
  return held.includes('*') || wanted.every((one) => held.includes(one));
}

function coversResource(held: readonly string[], resource: string): boolean {
  if (held.includes('*') || held.includes(resource)) return true;
  const slash = resource.indexOf('/');
  return slash >= 0 && held.includes(`*${resource.slice(slash)}`);
}

function coversUrl(held: readonly string[], url: string): boolean {
  return held.some((it) => pathMatches(it, url));
}

function coversNames(held: readonly string[], names: readonly string[]): boolean {
  return held.length === 0 || (names.length > 0 && names.every((name) => held.includes(name)));
}

/** Rules about the same resource and name become one with all their verbs. */
function compacted(rules: readonly PolicyRule[]): PolicyRule[] {
  const byAbout = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const { verbs, ...about } = rule;
    const word = JSON.stringify(about);
    const known = byAbout.get(word);
    byAbout.set(word, { ...about, verbs: [...new Set([...(known?.verbs ?? []), ...verbs])] });
  }
  return [...byAbout.values()];
}

/** As upstream writes a rule in its refusals: `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`. */
export function ruleText(rule: PolicyRule): string {
  const parts = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ] as const;
  const written = parts
    .filter(([, values]) => values !== undefined && values.length > 0)
    .map(([field, values]) => `${field}:${goList(values ?? [])}`);
  return `{${written.join(', ')}}`;
}

/** Go's `%q` of a list of strings. */
export function goList(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
}
