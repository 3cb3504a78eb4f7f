import type { LabelSelector, LabelSelectorRequirement, Labels } from '../../../src/api/types/meta.ts';

/** "A null label selector matches no objects, an empty one all": absence is the caller's business, `{}` matches. */
export function selects(selector: LabelSelector, labels: Labels): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (labels[key] !== value) return false;
  }
  for (const requirement of selector.matchExpressions ?? []) {
    if (!holds(requirement, labels)) return false;
  }
  return true;
}

function holds({ key, operator, values = [] }: LabelSelectorRequirement, labels: Labels): boolean {
  const value = labels[key];
  switch (operator) {
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      // A label that is not there is not among the values either.
      return value === undefined || !values.includes(value);
    default:
      throw new TypeError(`no such operator: ${String(operator)}`);
  }
}
