import type { KubernetesObject } from '../types/meta.ts';
import { checkLabels, checkSyntax } from './checks.ts';
import { dnsSubdomain, pathSegment } from './names.ts';
import { invalid, notSupported, required, type FieldProblem } from './problem.ts';

interface Rule {
  verbs?: string[];
  apiGroups?: string[];
  resources?: string[];
  nonResourceURLs?: string[];
}

interface Role extends KubernetesObject {
  rules?: Rule[];
  aggregationRule?: { clusterRoleSelectors?: { matchLabels?: Record<string, string> }[] };
}

interface Binding extends KubernetesObject {
  roleRef?: { apiGroup?: string; kind?: string; name?: string };
  subjects?: { kind?: string; apiGroup?: string; name?: string; namespace?: string }[];
}

const rbacGroup = 'rbac.authorization.k8s.io';

/** Rules for Roles and ClusterRoles (rbac validation `ValidatePolicyRule`). */
export function roleProblems(object: KubernetesObject): FieldProblem[] {
  // The schema says that this object is a Role or a ClusterRole.
  const { kind, rules = [], aggregationRule } = object as Role;
  const problems = rules.flatMap((rule, i) => ruleProblems(`rules[${i}]`, rule, kind === 'Role'));
  if (aggregationRule === undefined) return problems;
  const { clusterRoleSelectors: selectors = [] } = aggregationRule;
  if (selectors.length === 0)
    problems.push(required('aggregationRule.clusterRoleSelectors', 'at least one selector is required'));
  const ofSelectors = selectors.flatMap(({ matchLabels }, i) =>
    checkLabels(`aggregationRule.clusterRoleSelectors[${i}].matchLabels`, matchLabels),
  );
  return [...problems, ...ofSelectors];
}

function ruleProblems(path: string, rule: Rule, isNamespaced: boolean): FieldProblem[] {
  const { verbs = [], apiGroups = [], resources = [], nonResourceURLs = [] } = rule;
  const problems =
    verbs.length === 0 ? [required(`${path}.verbs`, 'verbs must contain at least one value')] : [];
  const at = `${path}.nonResourceURLs`;
  if (nonResourceURLs.length > 0) {
    if (isNamespaced)
      problems.push(invalid(at, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'));
    if (apiGroups.length > 0 || resources.length > 0)
      problems.push(
        invalid(at, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'),
      );
    return problems;
  }
  if (apiGroups.length === 0)
    problems.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'));
  if (resources.length === 0)
    problems.push(required(`${path}.resources`, 'resource rules must supply at least one resource'));
  return problems;
}

/** Rules for RoleBindings and ClusterRoleBindings (rbac validation `ValidateRoleBinding`). */
export function bindingProblems(object: KubernetesObject): FieldProblem[] {
  const { kind, roleRef = {}, subjects = [] } = object as Binding;
  const kinds = kind === 'ClusterRoleBinding' ? ['ClusterRole'] : ['Role', 'ClusterRole'];
  const { apiGroup = rbacGroup, kind: roleKind = '', name = '' } = roleRef;
  const problems: FieldProblem[] = [];
  if (apiGroup !== rbacGroup && apiGroup !== '')
    problems.push(notSupported('roleRef.apiGroup', apiGroup, [rbacGroup]));
  if (!kinds.includes(roleKind)) problems.push(notSupported('roleRef.kind', roleKind, kinds));
  if (name === '') problems.push(required('roleRef.name'));
  else problems.push(...checkSyntax('roleRef.name', name, pathSegment));
  return [...problems, ...subjects.flatMap((one, i) => subjectProblems(`subjects[${i}]`, one, kind))];
}

const subjectKinds = ['ServiceAccount', 'User', 'Group'];

function subjectProblems(
  path: string,
  { kind = '', apiGroup = '', name = '', namespace = '' }: NonNullable<Binding['subjects']>[number],
  bindingKind: string,
): FieldProblem[] {
  const problems = name === '' ? [required(`${path}.name`)] : [];
  if (!subjectKinds.includes(kind)) return [...problems, notSupported(`${path}.kind`, kind, subjectKinds)];
  if (kind === 'ServiceAccount') {
    if (apiGroup !== '') problems.push(notSupported(`${path}.apiGroup`, apiGroup, ['']));
    return [...problems, ...accountProblems(path, { name, namespace }, bindingKind)];
  }
  if (apiGroup !== '' && apiGroup !== rbacGroup)
    problems.push(notSupported(`${path}.apiGroup`, apiGroup, [rbacGroup]));
  return problems;
}

function accountProblems(
  path: string,
  { name, namespace }: { name: string; namespace: string },
  bindingKind: string,
): FieldProblem[] {
  const problems = name === '' ? [] : checkSyntax(`${path}.name`, name, dnsSubdomain);
  // In a RoleBinding an account is of the same namespace unless it says otherwise.
  if (namespace === '' && bindingKind === 'ClusterRoleBinding') problems.push(required(`${path}.namespace`));
  return problems;
}
