import { attributesOf } from '../../src/apiserver/access/attributes.ts';
import { createAuthorizer } from '../../src/apiserver/access/authorizer.ts';
import { rbacGroup, rbacStores } from '../../src/apiserver/access/bindings.ts';
import { createAuthenticate } from '../../src/apiserver/http/authenticate.ts';
import { effectiveUser } from '../../src/apiserver/identity/impersonate.ts';
import type { User } from '../../src/apiserver/identity/user.ts';
import { createStore } from '../../src/apiserver/store/store.ts';
import type { Store } from '../../src/apiserver/store/port.ts';
import type { Figure } from '../lib/figure.ts';

const bindings = 1000;
const users = 200;
const namespaces = 20;
const runs = 20_000;
const changes = 1000;

/**
 * Who asks and whether they may, as every request is asked, without a network: half of the bindings are of the cluster,
 * half of namespaces; users are in three groups, and half of the decisions are refusals, which look everywhere.
 */
export const figure: Figure = {
  name: 'rbac',
  async *measure(progress) {
    const store = createStore({ path: ':memory:' });
    fill(store);
    const authorizer = createAuthorizer(store);
    const ask = questions(authorizer);
    for (let run = 0; run < runs; run++) ask(run);
    const samples = Array.from({ length: runs }, (_, run) => timed(() => ask(run)));
    progress(`rbac: ${runs} requests with ${bindings} bindings`);
    yield { bench: 'rbac', unit: 'us', samples, target: 50, peer: null };
    const first = Array.from({ length: changes }, (_, run) => {
      bind(store, run);
      return timed(() => ask(run));
    });
    yield { bench: 'rbac-after-change', unit: 'us', samples: first, target: 100, peer: null };
    authorizer.stop();
    store.close();
  },
};

/** Microseconds. */
function timed(run: () => void): number {
  const start = performance.now();
  run();
  return (performance.now() - start) * 1000;
}

/** Asks the question of a number; throws where the answer is not what the bindings say. */
function questions(authorizer: ReturnType<typeof createAuthorizer>): (index: number) => void {
  const accounts = { issue: unused, verify: () => undefined, keySet: unused };
  const tokens = Array.from({ length: users }, (_, index) => ({
    token: `token-of-user-${index}`.padEnd(43, '_'),
    user: userOf(index),
  }));
  const authenticate = createAuthenticate({ tokens, accounts });
  return (index) => {
    const isAllowed = index % 2 === 0;
    const namespace = `namespace-${index % namespaces}`;
    const path = `/api/v1/namespaces/${namespace}/${isAllowed ? 'pods' : 'secrets'}/object-${index}`;
    const authorization = `Bearer ${tokens[index % users]?.token}`;
    const request = { method: 'GET', path, query: new URLSearchParams(), headers: { authorization } };
    const user = effectiveUser(request, authenticate.request(request), authorizer);
    if (authorizer.decide(attributesOf(request, user)).allowed !== isAllowed)
      throw new Error(`${user.name} and ${path}: not what the bindings say`);
  };
}

function unused(): never {
  throw new Error('nobody asks for tokens of service accounts here');
}

function userOf(index: number): User {
  return { name: `user-${index}`, groups: [`team-${index % 10}`, `site-${index % 3}`, 'everybody'] };
}

function fill(store: Store): void {
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }];
  for (let index = 0; index < bindings / 10; index++)
    put(store, rbacStores.clusterRoles, { name: roleOf(index) }, { rules });
  for (let index = 0; index < bindings; index++) bind(store, index);
}

function roleOf(index: number): string {
  return `role-${index % (bindings / 10)}`;
}

/** Every user is bound cluster-wide, and in namespaces by groups as well. */
function bind(store: Store, index: number): void {
  const isWide = index % 2 === 0;
  const subject = isWide
    ? { kind: 'User', name: `user-${(index / 2) % users}` }
    : { kind: 'Group', name: `team-${index % 10}` };
  const subjects = [{ apiGroup: rbacGroup, ...subject }];
  const roleRef = { apiGroup: rbacGroup, kind: 'ClusterRole', name: roleOf(index) };
  const metadata = {
    name: `binding-${index}`,
    ...(!isWide && { namespace: `namespace-${index % namespaces}` }),
  };
  put(store, isWide ? rbacStores.clusterRoleBindings : rbacStores.roleBindings, metadata, {
    subjects,
    roleRef,
  });
}

function put(
  store: Store,
  resource: string,
  metadata: { name: string; namespace?: string },
  content: object,
): void {
  const key = metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
  store.put(resource, key, { apiVersion: `${rbacGroup}/v1`, kind: resource, metadata, ...content });
}
