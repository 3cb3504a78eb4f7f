import assert from 'node:assert/strict';
import test from 'node:test';
import type { User } from '../identity/user.ts';
import { createTestApi, type Answer, type TestApi } from '../testing/test-api.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const apiVersion = 'rbac.authorization.k8s.io/v1';
const jane: User = { name: 'jane', groups: ['dev'] };

async function grant(
  api: TestApi,
  rules: object[],
  {
    namespace,
    subject = { kind: 'User', name: 'jane' },
    name = 'r',
  }: { namespace?: string; subject?: object; name?: string } = {},
): Promise<void> {
  const where = namespace === undefined ? rbac : `${rbac}/namespaces/${namespace}`;
  const [role, binding] =
    namespace === undefined ? ['ClusterRole', 'ClusterRoleBinding'] : ['Role', 'RoleBinding'];
  const made = [
    await api.call('POST', `${where}/${role.toLowerCase()}s`, {
      body: { apiVersion, kind: role, metadata: { name }, rules },
    }),
    await api.call('POST', `${where}/${binding.toLowerCase()}s`, {
      body: {
        apiVersion,
        kind: binding,
        metadata: { name },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: role, name },
        subjects: [
          { ...('namespace' in subject ? {} : { apiGroup: 'rbac.authorization.k8s.io' }), ...subject },
        ],
      },
    }),
  ];
  for (const { status, body } of made) assert.equal(status, 201, JSON.stringify(body));
}

async function statusOf(
  api: TestApi,
  method: string,
  url: string,
  options: { as?: User; body?: unknown } = {},
): Promise<number> {
  return (await api.call(method, url, { as: jane, ...options })).status;
}

const pods = '/api/v1/namespaces/default/pods';

test('who has no role is refused in upstream words, whether or not there is such an object', async () => {
  const api = createTestApi();
  const refusals: [string, string, string, object][] = [
    [
      'GET',
      pods,
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
      { kind: 'pods' },
    ],
    [
      'GET',
      '/apis/apps/v1/deployments?watch=1',
      'deployments.apps is forbidden: User "jane" cannot watch resource "deployments" in API group "apps" at the cluster scope',
      { group: 'apps', kind: 'deployments' },
    ],
    [
      'PATCH',
      `${pods}/x/status`,
      'pods "x" is forbidden: User "jane" cannot patch resource "pods/status" in API group "" in the namespace "default"',
      { name: 'x', kind: 'pods' },
    ],
    ['GET', '/metrics', 'forbidden: User "jane" cannot get path "/metrics"', {}],
    [
      'GET',
      '/apis/nothing.example/v1/things/a%3Cb',
      'things.nothing.example "a<b" is forbidden: User "jane" cannot get resource "things" in API group "nothing.example" at the cluster scope',
      { name: 'a<b', group: 'nothing.example', kind: 'things' },
    ],
  ];
  for (const [method, url, message, details] of refusals) {
    const { status, body } = await api.call(method, url, { as: jane });
    assert.equal(status, 403, url);
    assert.deepEqual(body, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason: 'Forbidden',
      details,
      code: 403,
    });
  }
});

test('everybody who is known may find out what there is, and ask about themselves', async () => {
  const api = createTestApi();
  for (const path of ['/version', '/api', '/apis', '/apis/apps/v1', '/openapi/v3', '/healthz']) {
    assert.equal(await statusOf(api, 'GET', path), 200, path);
  }
  const { body } = await api.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    as: jane,
    body: {},
  });
  assert.deepEqual(body['status'], {
    userInfo: { username: 'jane', groups: ['dev', 'system:authenticated'] },
  });
});

test('a Role holds in its namespace only, a ClusterRole by what binds it, and both for exactly what they name', async () => {
  const api = createTestApi();
  await grant(api, [{ apiGroups: [''], resources: ['pods', 'pods/status'], verbs: ['get', 'list'] }], {
    namespace: 'default',
  });
  assert.equal(await statusOf(api, 'GET', pods), 200);
  assert.equal(await statusOf(api, 'GET', `${pods}/x`), 404);
  assert.equal(await statusOf(api, 'GET', `${pods}/x/status`), 404);
  assert.equal(await statusOf(api, 'GET', `${pods}?watch=true`), 403);
  assert.equal(await statusOf(api, 'GET', `${pods}/x?watch=true`), 403);
  assert.equal(await statusOf(api, 'GET', '/api/v1/pods'), 403);
  assert.equal(await statusOf(api, 'GET', '/api/v1/namespaces/kube-system/pods'), 403);
  assert.equal(await statusOf(api, 'DELETE', pods), 403);
  await grant(api, [{ apiGroups: ['*'], resources: ['*/scale'], verbs: ['*'] }], {
    subject: { kind: 'Group', name: 'dev' },
  });
  assert.equal(await statusOf(api, 'GET', '/apis/apps/v1/namespaces/default/deployments/x/scale'), 404);
  assert.equal(await statusOf(api, 'GET', '/apis/apps/v1/namespaces/default/deployments/x'), 403);
});

test('names restrict what they can: an object, a list that selects it, but no create', async () => {
  const api = createTestApi();
  await grant(api, [{ apiGroups: [''], resources: ['configmaps'], resourceNames: ['mine'], verbs: ['*'] }]);
  const maps = '/api/v1/namespaces/default/configmaps';
  assert.equal(await statusOf(api, 'GET', `${maps}/mine`), 404);
  assert.equal(await statusOf(api, 'GET', `${maps}/other`), 403);
  assert.equal(await statusOf(api, 'GET', maps), 403);
  assert.equal(await statusOf(api, 'GET', `${maps}?fieldSelector=metadata.name%3Dmine`), 200);
  assert.equal(await statusOf(api, 'POST', maps, { body: { metadata: { name: 'mine' } } }), 403);
});

test('a patch that would make an object needs the verb create too', async () => {
  const api = createTestApi();
  await grant(api, [{ apiGroups: [''], resources: ['configmaps'], verbs: ['patch'] }]);
  const answer = await api.call('PATCH', '/api/v1/namespaces/default/configmaps/a?fieldManager=t', {
    as: jane,
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
  });
  assert.equal(answer.status, 403);
  assert.match(String(answer.body['message']), /cannot create resource "configmaps"/);
});

test('what is taken away holds no longer from the next request on', async () => {
  const api = createTestApi();
  await grant(api, [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }]);
  assert.equal(await statusOf(api, 'GET', pods), 200);
  await api.call('PATCH', `${rbac}/clusterroles/r`, {
    headers: { 'content-type': 'application/merge-patch+json' },
    body: { rules: [] },
  });
  assert.equal(await statusOf(api, 'GET', pods), 403);
  await grant(api, [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }], { namespace: 'default' });
  assert.equal(await statusOf(api, 'GET', pods), 200);
  await api.call('DELETE', `${rbac}/namespaces/default/rolebindings/r`);
  assert.equal(await statusOf(api, 'GET', pods), 403);
});

test('admin, edit and view take on the rules of roles with their labels, and of each other', async () => {
  const api = createTestApi();
  await settledTurn();
  const rulesOf = async (name: string): Promise<string> =>
    JSON.stringify((await api.call('GET', `${rbac}/clusterroles/${name}`)).body['rules']);
  assert.match(await rulesOf('view'), /networkpolicies/);
  assert.doesNotMatch(await rulesOf('view'), /secrets/);
  assert.match(await rulesOf('edit'), /secrets/);
  assert.match(await rulesOf('admin'), /rolebindings/);
  assert.match(await rulesOf('admin'), /secrets/);
  await api.call('POST', `${rbac}/clusterroles`, {
    body: {
      apiVersion,
      kind: 'ClusterRole',
      metadata: { name: 'more', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
      rules: [{ apiGroups: ['weft.dev'], resources: ['clusternetworks'], verbs: ['get'] }],
    },
  });
  await settledTurn();
  for (const name of ['view', 'edit', 'admin']) assert.match(await rulesOf(name), /clusternetworks/, name);
  await api.call('DELETE', `${rbac}/clusterroles/more`);
  await settledTurn();
  for (const name of ['view', 'edit', 'admin'])
    assert.doesNotMatch(await rulesOf(name), /clusternetworks/, name);
});

function settledTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const makesRoles = {
  apiGroups: ['rbac.authorization.k8s.io'],
  resources: ['*'],
  verbs: ['create', 'update', 'patch', 'get'],
};

test('nobody grants more than they have', async (t) => {
  const api = createTestApi();
  await grant(api, [makesRoles, { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }]);
  const role = (rules: object[]): Promise<Answer> =>
    api.call('POST', `${rbac}/namespaces/default/roles`, {
      as: jane,
      body: { apiVersion, kind: 'Role', metadata: { generateName: 'x' }, rules },
    });
  await t.test("a role of one's own rules is made", async () => {
    assert.equal(
      (await role([{ apiGroups: [''], resources: ['pods'], resourceNames: ['a'], verbs: ['get'] }])).status,
      201,
    );
  });
  await t.test('a role with one rule more is refused, and what is missing named', async () => {
    const { status, body } = await role([
      { apiGroups: [''], resources: ['pods', 'secrets'], verbs: ['get', 'watch'] },
    ]);
    assert.equal(status, 403);
    assert.match(
      String(body['message']),
      /is forbidden: user "jane" \(groups=\["dev" "system:authenticated"\]\) is attempting to grant RBAC permissions not currently held:\n/,
    );
    assert.match(
      String(body['message']),
      /\{APIGroups:\[""\], Resources:\["pods"\], Verbs:\["watch"\]\}\n\{APIGroups:\[""\], Resources:\["secrets"\], Verbs:\["get" "watch"\]\}$/,
    );
  });
  const bind = (name: string): Promise<Answer> =>
    api.call('POST', `${rbac}/clusterrolebindings`, {
      as: jane,
      body: {
        apiVersion,
        kind: 'ClusterRoleBinding',
        metadata: { generateName: 'x' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
      },
    });
  await t.test('binding oneself to cluster-admin is refused', async () => {
    assert.equal((await bind('cluster-admin')).status, 403);
    assert.equal((await bind('r')).status, 201);
    assert.equal((await bind('absent')).status, 404);
  });
  await t.test('an aggregationRule is only for those who may do everything', async () => {
    const body = {
      apiVersion,
      kind: 'ClusterRole',
      metadata: { name: 'all' },
      aggregationRule: { clusterRoleSelectors: [{}] },
      rules: [],
    };
    assert.equal((await api.call('POST', `${rbac}/clusterroles`, { as: jane, body })).status, 403);
  });
  await t.test('the verbs escalate and bind allow it', async () => {
    await grant(
      api,
      [
        {
          apiGroups: ['rbac.authorization.k8s.io'],
          resources: ['clusterroles'],
          resourceNames: ['view'],
          verbs: ['bind'],
        },
      ],
      { name: 'binder' },
    );
    assert.equal((await bind('view')).status, 201);
    await grant(
      api,
      [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['escalate'] }],
      { name: 'escalator' },
    );
    assert.equal((await role([{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }])).status, 201);
  });
});

test('impersonation needs the verb for every part of it', async () => {
  const api = createTestApi();
  const review = (headers: Record<string, string>): Promise<Answer> =>
    api.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { as: jane, headers, body: {} });
  const refused = await review({ 'impersonate-user': 'bob' });
  assert.equal(refused.status, 403);
  assert.equal(
    refused.body['message'],
    'users "bob" is forbidden: User "jane" cannot impersonate resource "users" in API group "" at the cluster scope',
  );
  await grant(api, [{ apiGroups: [''], resources: ['users', 'serviceaccounts'], verbs: ['impersonate'] }]);
  assert.equal(
    (await review({ 'impersonate-user': 'bob', 'impersonate-group': 'system:masters' })).status,
    403,
  );
  assert.equal((await review({ 'impersonate-group': 'system:masters' })).status, 400);
  assert.deepEqual((await review({ 'impersonate-user': 'bob' })).body['status'], {
    userInfo: { username: 'bob', groups: ['system:authenticated'] },
  });
  assert.deepEqual((await review({ 'impersonate-user': 'system:serviceaccount:a:b' })).body['status'], {
    userInfo: {
      username: 'system:serviceaccount:a:b',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:a', 'system:authenticated'],
    },
  });
});

test('access reviews answer for oneself and for others, with the reason', async () => {
  const api = createTestApi();
  await grant(api, [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }], {
    namespace: 'default',
    subject: { kind: 'ServiceAccount', name: 'sa', namespace: 'default' },
  });
  const ask = (kind: string, spec: object, where = ''): Promise<Answer> =>
    api.call('POST', `/apis/authorization.k8s.io/v1/${where}${kind}`, { body: { spec } });
  const resourceAttributes = { namespace: 'default', verb: 'get', resource: 'pods' };
  const user = 'system:serviceaccount:default:sa';
  const reason = 'RBAC: allowed by RoleBinding "r/default" of Role "r" to ServiceAccount "sa/default"';
  assert.deepEqual((await ask('subjectaccessreviews', { user, resourceAttributes })).body['status'], {
    allowed: true,
    reason,
  });
  assert.deepEqual(
    (await ask('localsubjectaccessreviews', { user, resourceAttributes }, 'namespaces/default/')).body[
      'status'
    ],
    { allowed: true, reason },
  );
  assert.equal(
    (await ask('localsubjectaccessreviews', { user, resourceAttributes }, 'namespaces/other/')).status,
    400,
  );
  assert.deepEqual(
    (await ask('subjectaccessreviews', { user, nonResourceAttributes: { path: '/metrics', verb: 'get' } }))
      .body['status'],
    { allowed: false },
  );
  assert.equal((await ask('subjectaccessreviews', { resourceAttributes })).status, 422);
  assert.equal((await ask('selfsubjectaccessreviews', {})).status, 422);
  assert.deepEqual((await ask('selfsubjectaccessreviews', { resourceAttributes })).body['status'], {
    allowed: true,
  });
});

test('roles that every cluster has are there, and come back with what was taken from them', async (t) => {
  const { mkdtempSync, rmSync } = await import('node:fs');
  const directory = mkdtempSync('/tmp/weft-policy-');
  t.after(() => rmSync(directory, { recursive: true }));
  const path = `${directory}/store`;
  const first = createTestApi({ path });
  const basic = `${rbac}/clusterroles/system:basic-user`;
  const mergeType = { 'content-type': 'application/merge-patch+json' };
  const own = { apiGroups: ['x'], resources: ['y'], verbs: ['z'] };
  const before = await first.call('GET', basic);
  assert.equal(
    (await first.call('PATCH', basic, { headers: mergeType, body: { rules: [own] } })).status,
    200,
  );
  await first.call('DELETE', `${rbac}/clusterrolebindings/cluster-admin`);
  const discovery = `${rbac}/clusterrolebindings/system:discovery`;
  await first.call('PATCH', discovery, {
    headers: mergeType,
    body: {
      subjects: null,
      metadata: { annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } },
    },
  });
  await first.store.settled();
  first.store.close();
  const second = createTestApi({ path });
  t.after(() => second.store.close());
  const rules = (await second.call('GET', basic)).body['rules'];
  assert.ok(Array.isArray(rules));
  assert.deepEqual(rules[0], own, 'what somebody added stays');
  assert.equal(rules.length, 1 + (before.body['rules'] as unknown[]).length + 1, JSON.stringify(rules));
  assert.equal((await second.call('GET', `${rbac}/clusterrolebindings/cluster-admin`)).status, 200);
  assert.equal((await second.call('GET', discovery)).body['subjects'], undefined);
});
