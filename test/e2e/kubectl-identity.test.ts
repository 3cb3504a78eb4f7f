import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { createCredentials } from '../../src/apiserver/credentials/credentials.ts';
import { kubectlOn, kubectlProblem, type Kubectl } from '../support/kubectl.ts';

const skip = kubectlProblem();

/** Arguments that make kubectl somebody else than the administrator: a user of their own, and a context with it. */
async function certificateOf(
  kubectl: Kubectl,
  name: string,
  { certificate, key }: { certificate: string; key: string },
): Promise<string[]> {
  const [crt, pem] = ['crt', 'key'].map((end) => join(kubectl.server.directory, `${name}.${end}`)) as [
    string,
    string,
  ];
  writeFileSync(crt, certificate, { mode: 0o600 });
  writeFileSync(pem, key, { mode: 0o600 });
  await kubectl('config', 'set-credentials', name, `--client-certificate=${crt}`, `--client-key=${pem}`);
  await kubectl('config', 'set-context', name, '--cluster=weft-test', `--user=${name}`);
  return ['--context', name];
}

test(
  'a client certificate is a user and its groups, and gets what these are bound to',
  { skip },
  async (t) => {
    const kubectl = await kubectlOn(t);
    const jane = await certificateOf(
      kubectl,
      'jane',
      kubectl.server.credentials.issueClient({ name: 'jane', groups: ['dev', 'ops'] }, 1),
    );
    assert.match(
      (await kubectl(...jane, 'auth', 'whoami')).stdout,
      /Username +jane\nGroups +\[dev ops system:authenticated\]/,
    );
    const refused = await kubectl.attempt(...jane, 'get', 'pods');
    assert.equal(
      refused.stderr,
      'Error from server (Forbidden): pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"\n',
    );
    assert.equal((await kubectl.attempt(...jane, 'auth', 'can-i', 'list', 'pods')).stdout, 'no\n');
    await kubectl('create', 'rolebinding', 'ops-view', '--clusterrole=view', '--group=ops');
    assert.equal((await kubectl(...jane, 'auth', 'can-i', 'list', 'pods')).stdout, 'yes\n');
    assert.match((await kubectl(...jane, 'get', 'pods')).stderr, /No resources found/);
    assert.equal((await kubectl.attempt(...jane, 'auth', 'can-i', 'get', 'secrets')).stdout, 'no\n');
    assert.equal((await kubectl.attempt(...jane, 'auth', 'can-i', 'list', 'pods', '-A')).stdout, 'no\n');
  },
);

test('a certificate of another authority, and one for servers, is nobody', { skip }, async (t) => {
  const kubectl = await kubectlOn(t);
  const other = createCredentials({ directory: join(kubectl.server.directory, 'other'), hosts: [] });
  const foreign = other.issueClient({ name: 'admin', groups: ['system:masters'] }, 1);
  const own = kubectl.server.credentials.certificates;
  for (const [name, pair] of [
    ['foreign', foreign],
    ['server', own],
  ] as const) {
    const as = await certificateOf(kubectl, name, pair);
    const { code, stderr } = await kubectl.attempt(...as, 'get', 'namespaces');
    assert.notEqual(code, 0, name);
    assert.match(stderr, /Unauthorized|must be logged in|certificate/i, name);
  }
});

test(
  'kubectl creates tokens, impersonates, reconciles roles and is told what is not allowed',
  { skip },
  async (t) => {
    const kubectl = await kubectlOn(t);
    await kubectl('create', 'serviceaccount', 'robot');
    const token = (
      await kubectl('create', 'token', 'robot', '--duration=20m', '--audience=vault')
    ).stdout.trim();
    assert.equal(token.split('.').length, 3);
    const account = '--as=system:serviceaccount:default:robot';
    assert.equal((await kubectl.attempt('auth', 'can-i', 'get', 'configmaps', account)).stdout, 'no\n');
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'reader', namespace: 'default' },
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }],
    };
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'reader', namespace: 'default' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }],
    };
    const file = await kubectl.manifest('roles', { apiVersion: 'v1', kind: 'List', items: [role, binding] });
    assert.match((await kubectl('auth', 'reconcile', '-f', file)).stdout, /reader reconciled/);
    assert.equal((await kubectl('auth', 'can-i', 'get', 'configmaps', account)).stdout, 'yes\n');
    assert.match(
      (await kubectl('auth', 'can-i', '--list', account)).stdout,
      /configmaps +\[\] +\[\] +\[get\]/,
    );
    const escalation = await kubectl.attempt(
      'create',
      'rolebinding',
      'own',
      '--clusterrole=admin',
      '--user=me',
      account,
    );
    assert.match(escalation.stderr, /cannot create resource "rolebindings"/);
  },
);
