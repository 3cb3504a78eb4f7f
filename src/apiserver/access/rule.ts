import { arrayAt, isObject } from '../json.ts';
import type { PolicyRule } from './port.ts';

/** The rules of a role's object; anything that is not a list of strings counts as empty. */
export function rulesOf(role: unknown): PolicyRule[] {
  return arrayAt(role, ['rules']).filter(isObject).map(ruleOf);
}

function ruleOf(rule: Record<string, unknown>): PolicyRule {
  const of = (field: string): string[] => arrayAt(rule, [field]).filter((item) => typeof item === 'string');
  const [apiGroups, resources, resourceNames, nonResourceURLs] = [
    of('apiGroups'),
    of('resources'),
    of('resourceNames'),
    of('nonResourceURLs'),
  ];
  return {
    verbs: of('verbs'),
    ...(apiGroups.length > 0 && { apiGroups }),
    ...(resources.length > 0 && { resources }),
    ...(resourceNames.length > 0 && { resourceNames }),
    ...(nonResourceURLs.length > 0 && { nonResourceURLs }),
  };
}

/** A path, or all that begin with what stands before a `*` at the end. */
export function pathMatches(rule: string, path: string): boolean {
  if (rule === '*' || rule === path) return true;
  return rule.endsWith('*') && path.startsWith(rule.replace(/\*+$/, ''));
}
