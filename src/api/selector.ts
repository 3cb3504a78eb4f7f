import { WeftError } from '../lib/errors.ts';
import type { Labels, LabelSelector, LabelSelectorRequirement } from './types/meta.ts';

/** The label that every namespace carries with its own name, so that selectors can name it (KEP-2161). */
export const namespaceNameLabel = 'kubernetes.io/metadata.name';

/**
 * Whether the selector selects an object with these labels (apimachinery `LabelSelectorAsSelector`): an empty
 * selector selects everything, an absent one nothing. Where absence has another meaning, as in a
 * NetworkPolicyPeer, the caller decides before asking.
 */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels | undefined): boolean {
  if (selector === undefined) return false;
  for (const key in selector.matchLabels) {
    if (valueOf(labels, key) !== selector.matchLabels[key]) return false;
  }
  return selector.matchExpressions?.every((requirement) => matchesRequirement(requirement, labels)) ?? true;
}

/** `NotIn` and `DoesNotExist` hold for objects without the key; an operator that does not exist never holds. */
function matchesRequirement(requirement: LabelSelectorRequirement, labels: Labels | undefined): boolean {
  const value = valueOf(labels, requirement.key);
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && (requirement.values?.includes(value) ?? false);
    case 'NotIn':
      return value === undefined || !(requirement.values?.includes(value) ?? false);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

function valueOf(labels: Labels | undefined, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}

/**
 * A canonical text of the selector: two selectors that say the same in another order, or one with `matchLabels`
 * and one with `In` of a single value, have the same key. Empty for a selector that selects everything.
 */
export function selectorKey(selector: LabelSelector): string {
  const labels = Object.entries(selector.matchLabels ?? {}).map(
    ([key, value]) => `${word(key)}=${word(value)}`,
  );
  const expressions = (selector.matchExpressions ?? []).map(requirementKey);
  return [...new Set([...labels, ...expressions])].sort().join(',');
}

function requirementKey({ key, operator, values }: LabelSelectorRequirement): string {
  const list = [...new Set((values ?? []).map(word))].sort();
  switch (operator) {
    case 'In':
      return list.length === 1 ? `${word(key)}=${list.join()}` : `${word(key)} in (${list.join()})`;
    case 'NotIn':
      return list.length === 1 ? `${word(key)}!=${list.join()}` : `${word(key)} notin (${list.join()})`;
    case 'Exists':
      return word(key);
    case 'DoesNotExist':
      return `!${word(key)}`;
    default:
      return `${word(key)} ${JSON.stringify(operator)} (${list.join()})`;
  }
}

/** Quoted only where it could be taken for punctuation, which no valid label can. */
function word(text: string): string {
  return /^[\w./-]*$/.test(text) ? text : JSON.stringify(text);
}

/**
 * Parses the API's string form, `a=b,c!=d,e in (f,g),h notin (i),j,!k`, into a selector; the empty text selects
 * everything. Throws `invalid-selector`.
 */
export function parseLabelSelector(text: string): LabelSelector {
  const matchExpressions: LabelSelectorRequirement[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const match = requirementPattern.exec(rest);
    const requirement = match?.groups === undefined ? undefined : requirementOf(match.groups);
    if (match === null || requirement === undefined) throw invalidSelector(text, rest);
    matchExpressions.push(requirement);
    rest = rest.slice(match[0].length);
    if (match.groups?.['comma'] !== undefined && rest.trim() === '') throw invalidSelector(text, rest);
  }
  return { matchExpressions };
}

const requirementPattern =
  /^\s*(?:!\s*(?<absent>[\w./-]+)|(?<key>[\w./-]+)(?:\s+(?<set>in|notin)\s*\((?<list>[^()]*)\)|\s*(?<sign>==|=|!=)\s*(?<value>[\w.-]*))?)\s*(?:(?<comma>,)|$)/;

function requirementOf(groups: Record<string, string | undefined>): LabelSelectorRequirement | undefined {
  if (groups['absent'] !== undefined) return { key: groups['absent'], operator: 'DoesNotExist' };
  const { key } = groups;
  if (key === undefined) return undefined;
  if (groups['set'] !== undefined) {
    const values = (groups['list'] ?? '').split(',').map((value) => value.trim());
    if (!values.every((value) => /^[\w.-]*$/.test(value))) return undefined;
    return { key, operator: groups['set'] === 'in' ? 'In' : 'NotIn', values };
  }
  if (groups['sign'] === undefined) return { key, operator: 'Exists' };
  return { key, operator: groups['sign'] === '!=' ? 'NotIn' : 'In', values: [groups['value'] ?? ''] };
}

function invalidSelector(text: string, rest: string): WeftError {
  const near = rest === '' ? 'its end' : JSON.stringify(rest.slice(0, 60));
  return new WeftError('invalid-selector', `the selector ${JSON.stringify(text)} is not valid near ${near}`, {
    fault: 'input',
    hint: 'write it as a=b,c!=d,e in (f,g),!h',
  });
}

/** One term of a field selector: the field's path must, or must not, have this value. */
export interface FieldRequirement {
  readonly path: string;
  readonly equal: boolean;
  readonly value: string;
}

/**
 * Parses `metadata.name=a,spec.nodeName!=b`; in values, a backslash escapes a comma, an equals sign and itself.
 * All terms must hold. Throws `invalid-selector`.
 */
export function parseFieldSelector(text: string): FieldRequirement[] {
  if (text.trim() === '') return [];
  const terms = text.match(/(?:\\.|[^\\,])+/g) ?? [];
  return terms.map((term) => {
    const match = /^\s*([\w.[\]/-]+?)\s*(!=|==|=)((?:\\[\\,=]|[^\\=])*)$/s.exec(term);
    if (match === null) throw invalidSelector(text, term);
    const [, path = '', sign, value = ''] = match;
    return { path, equal: sign !== '!=', value: value.trim().replaceAll(/\\(.)/g, '$1') };
  });
}
