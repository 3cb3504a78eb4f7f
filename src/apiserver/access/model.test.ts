import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import type { StoredObject } from '../json.ts';
import { createStore } from '../store/store.ts';
import { rbacStores } from './bindings.ts';
import { missingRules } from './cover.ts';
import type { Attributes, PolicyRule } from './port.ts';
import { createRbac } from './rbac.ts';

/** Few words, so that random rules meet random requests. */
const oneOrTwo = (...words: string[]): fc.Arbitrary<string[]> =>
  fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength: 2 });
const users = ['ann', 'bob', 'system:serviceaccount:a:robot'];
const groups = ['dev', 'ops'];

const rule: fc.Arbitrary<PolicyRule> = fc.oneof(
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

interface Step {
  readonly resource: keyof typeof rbacStores;
  readonly namespace: string;
  readonly name: string;
  readonly gone: boolean;
  readonly rules: PolicyRule[];
  readonly subjects: { kind: string; name: string; namespace?: string }[];
  readonly role: { kind: string; name: string };
}

const step: fc.Arbitrary<Step> = fc.record({
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

const request = fc.oneof(
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

/** The text of the API reference, read from top to bottom: every binding, every rule, every word. */
function naive(objects: ReadonlyMap<string, Step>, asked: Attributes): boolean {
  const namespace = 'path' in asked ? '' : asked.namespace;
  for (const { resource, namespace: own, subjects, role } of objects.values()) {
    if (resource !== 'clusterRoleBindings' && !(resource === 'roleBindings' && own === namespace)) continue;
    const isMeant = subjects.some(({ kind, name, namespace: where }) => {
      if (kind === 'Group') return asked.user.groups.includes(name);
      return asked.user.name === (kind === 'User' ? name : `system:serviceaccount:${where}:${name}`);
    });
    const found = objects.get(
      role.kind === 'Role' ? `roles ${own}/${role.name}` : `clusterRoles ${role.name}`,
    );
    const isLocal = role.kind !== 'Role' || resource === 'roleBindings';
    if (isMeant && isLocal && found?.rules.some((one) => allows(one, asked)) === true) return true;
  }
  return false;
}

function allows(rule: PolicyRule, asked: Attributes): boolean {
  if (!rule.verbs.some((verb) => verb === '*' || verb === asked.verb)) return false;
  if ('path' in asked) {
    return (rule.nonResourceURLs ?? []).some(
      (url) => url === asked.path || (url.endsWith('*') && asked.path.startsWith(url.slice(0, -1))),
    );
  }
  if (!(rule.apiGroups ?? []).some((group) => group === '*' || group === asked.group)) return false;
  const full = asked.subresource === '' ? asked.resource : `${asked.resource}/${asked.subresource}`;
  const isResource = (rule.resources ?? []).some(
    (it) => it === '*' || it === full || (asked.subresource !== '' && it === `*/${asked.subresource}`),
  );
  if (!isResource) return false;
  return (rule.resourceNames ?? []).length === 0 || (rule.resourceNames ?? []).includes(asked.name);
}

const keyOf = ({ resource, namespace, name }: Step): string =>
  resource === 'roles' || resource === 'roleBindings' ? `${namespace}/${name}` : name;

function objectOf({ resource, namespace, name, rules, subjects, role }: Step): StoredObject {
  const isNamespaced = resource === 'roles' || resource === 'roleBindings';
  const metadata = { name, ...(isNamespaced && { namespace }) };
  const content = resource.endsWith('oles') ? { rules } : { subjects, roleRef: role };
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: resource, metadata, ...content };
}

test('decisions are those of a naive evaluator, whatever roles and bindings come, change and go', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.array(request, { maxLength: 6 })), { maxLength: 25 }), (steps) => {
      const store = createStore({ path: ':memory:' });
      const rbac = createRbac(store);
      const objects = new Map<string, Step>();
      for (const [change, requests] of steps) {
        const key = keyOf(change);
        if (change.gone) store.remove(rbacStores[change.resource], key);
        else store.put(rbacStores[change.resource], key, objectOf(change));
        if (change.gone) objects.delete(`${change.resource} ${key}`);
        else objects.set(`${change.resource} ${key}`, change);
        for (const asked of requests)
          assert.equal(rbac.decide(asked).allowed, naive(objects, asked), JSON.stringify(asked));
      }
      store.close();
    }),
    { seed: 20261121, numRuns: 300 },
  );
});

test('what rules cover allows nothing that they do not', () => {
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 4 }),
      fc.array(rule, { maxLength: 3 }),
      request,
      (held, wanted, asked) => {
        if (missingRules(held, wanted).length > 0) return;
        if (wanted.some((one) => allows(one, asked))) assert.ok(held.some((one) => allows(one, asked)));
      },
    ),
    { seed: 20261121, numRuns: 5000 },
  );
});
