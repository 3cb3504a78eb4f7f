import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { createStore } from '../store/store.ts';
import { keyOf, objectOf, request, rule, step, type Step } from '../testing/random-access.ts';
import { rbacStores } from './bindings.ts';
import { missingRules } from './cover.ts';
import type { Attributes, PolicyRule } from './port.ts';
import { createRbac } from './rbac.ts';

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
