import * as fc from 'fast-check';
import { rbacGroup, type rbacStores } from '../access/bindings.ts';
import type { Attributes, PolicyRule } from '../access/port.ts';
import type { StoredObject } from '../json.ts';

/** Few words, so that random rules meet random requests. */
const oneOrTwo = (...words: string[]): fc.Arbitrary<string[]> =>
  fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength: 2 });
const users = ['ann', 'bob', 'system:serviceaccount:a:robot'];
const groups = ['dev', 'ops'];

/** A rule of a ClusterRole. */
export const rule: fc.Arbitrary<PolicyRule> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      verbs: oneOrTwo('get', 'list', 'create', '*'),
      apiGroups: oneOrTwo('', 'apps', '*'),
      resources: oneOrTwo('pods', 'pods/log', '*/log', 'maps', '*'),
      resourceNames: fc.oneof(fc.constant([]), oneOrTwo('x', 'y')),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      verbs: oneOrTwo('get', '*'),
      nonResourceURLs: oneOrTwo('/metrics', '/logs/*', '*', '/m*'),
    }),
  },
);

const subject = fc.oneof(
  fc.constantFrom('ann', 'bob').map((name) => ({ kind: 'User', name })),
  fc.constantFrom(...groups).map((name) => ({ kind: 'Group', name })),
  fc.constantFrom('a', 'b').map((namespace) => ({ kind: 'ServiceAccount', name: 'robot', namespace })),
);

/** What becomes of one role or binding. */
export interface Step {
  readonly resource: keyof typeof rbacStores;
  readonly namespace: string;
  readonly name: string;
  readonly gone: boolean;
  readonly rules: PolicyRule[];
  readonly subjects: { kind: string; name: string; namespace?: string }[];
  readonly role: { kind: string; name: string };
}

export const step: fc.Arbitrary<Step> = fc.record({
  resource: fc.constantFrom('roles', 'roleBindings', 'clusterRoles', 'clusterRoleBindings'),
  namespace: fc.constantFrom('a', 'b'),
  name: fc.constantFrom('one', 'two', 'three'),
  gone: fc.nat(4).map((n) => n === 0),
  rules: fc.array(rule, { maxLength: 3 }),
  subjects: fc.array(subject, { maxLength: 3 }),
  role: fc.record({
    kind: fc.constantFrom('Role', 'ClusterRole'),
    name: fc.constantFrom('one', 'two', 'three'),
  }),
});

/** What somebody asks for. */
export const request: fc.Arbitrary<Attributes> = fc.oneof(
  fc.record({
    user: fc.record({ name: fc.constantFrom(...users), groups: fc.subarray(groups) }),
    verb: fc.constantFrom('get', 'list', 'create'),
    namespace: fc.constantFrom('', 'a', 'b'),
    group: fc.constantFrom('', 'apps'),
    version: fc.constant('v1'),
    resource: fc.constantFrom('pods', 'maps'),
    subresource: fc.constantFrom('', 'log'),
    name: fc.constantFrom('', 'x', 'y', 'z'),
  }),
  fc.record({
    user: fc.record({ name: fc.constantFrom(...users), groups: fc.subarray(groups) }),
    verb: fc.constantFrom('get', 'post'),
    path: fc.constantFrom('/metrics', '/logs/a', '/m', '/'),
  }),
);

/** Of the object, in its store. */
export const keyOf = ({ resource, namespace, name }: Step): string =>
  resource === 'roles' || resource === 'roleBindings' ? `${namespace}/${name}` : name;

const kinds = {
  roles: 'Role',
  roleBindings: 'RoleBinding',
  clusterRoles: 'ClusterRole',
  clusterRoleBindings: 'ClusterRoleBinding',
} as const;

/** The role or binding that a step makes. */
export function objectOf({ resource, namespace, name, rules, subjects, role }: Step): StoredObject {
  const isNamespaced = resource === 'roles' || resource === 'roleBindings';
  const metadata = { name, ...(isNamespaced && { namespace }) };
  const roleRef = { apiGroup: rbacGroup, ...role };
  const content = resource.endsWith('oles') ? { rules } : { subjects, roleRef };
  return { apiVersion: `${rbacGroup}/v1`, kind: kinds[resource], metadata, ...content };
}
