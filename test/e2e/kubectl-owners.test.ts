import assert from 'node:assert/strict';
import test from 'node:test';
import { startControllers } from '../support/controllers.ts';
import { kubectlOn, kubectlProblem, type Kubectl } from '../support/kubectl.ts';

const skip = kubectlProblem();

const deployment = (image: string): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image }] } },
  },
});

const names = async (kubectl: Kubectl, kinds: string): Promise<string> =>
  (await kubectl('get', kinds, '-o', 'name')).stdout.trim();

test(
  'kubectl rollout follows controllers through a change and back; delete cascades as it is told',
  { skip },
  async (t) => {
    const kubectl = await kubectlOn(t);
    await startControllers(t, kubectl.server);
    await kubectl('apply', '-f', await kubectl.manifest('one', deployment('one')));
    const rolled = await kubectl('rollout', 'status', 'deployment/web', '--timeout=15s');
    assert.match(rolled.stdout, /successfully rolled out\n$/);
    await kubectl('wait', 'deployment/web', '--for=jsonpath={.status.availableReplicas}=2', '--timeout=15s');
    const sets = await names(kubectl, 'replicasets');
    await kubectl('delete', 'deployment', 'web', '--cascade=orphan');
    assert.equal(await names(kubectl, 'deployments,replicasets'), sets);
    // What was left is adopted by the next Deployment of that template.
    await kubectl('apply', '-f', await kubectl.manifest('one', deployment('one')));
    await kubectl('rollout', 'status', 'deployment/web', '--timeout=15s');
    assert.equal(await names(kubectl, 'replicasets'), sets);

    await kubectl('set', 'image', 'deployment/web', 'main=two');
    await kubectl('rollout', 'status', 'deployment/web', '--timeout=15s');
    assert.equal((await names(kubectl, 'replicasets')).split('\n').length, 2);
    await kubectl('rollout', 'undo', 'deployment/web');
    await kubectl('rollout', 'status', 'deployment/web', '--timeout=15s');
    const image = '{.spec.template.spec.containers[0].image}';
    assert.equal((await kubectl('get', 'deployment', 'web', '-o', `jsonpath=${image}`)).stdout, 'one');
    await kubectl('delete', 'deployment', 'web', '--cascade=foreground', '--timeout=15s');
    assert.equal(await names(kubectl, 'deployments,replicasets,pods'), '');

    await kubectl('apply', '-f', await kubectl.manifest('one', deployment('one')));
    await kubectl('rollout', 'status', 'deployment/web', '--timeout=15s');
    await kubectl('delete', 'deployment', 'web', '--cascade=background', '--timeout=15s');
    await kubectl('wait', '--for=delete', 'replicasets,pods', '-l', 'app=web', '--timeout=15s');
    assert.equal(await names(kubectl, 'deployments,replicasets,pods'), '');
  },
);

test('kubectl deletes a namespace with everything in it', { skip }, async (t) => {
  const kubectl = await kubectlOn(t);
  await startControllers(t, kubectl.server);
  await kubectl('create', 'namespace', 'n');
  await kubectl('apply', '-n', 'n', '-f', await kubectl.manifest('one', deployment('one')));
  await kubectl('create', 'configmap', 'held', '-n', 'n');
  const finalizers = (list: string): string => `{"metadata":{"finalizers":${list}}}`;
  await kubectl(
    'patch',
    'configmap',
    'held',
    '-n',
    'n',
    '--type=merge',
    '-p',
    finalizers('["example.com/x"]'),
  );
  await kubectl('delete', 'namespace', 'n', '--wait=false');
  await kubectl('wait', 'namespace/n', '--for=jsonpath={.status.phase}=Terminating', '--timeout=15s');
  await kubectl('wait', '-n', 'n', '--for=delete', 'deployments/web', '--timeout=15s');
  const refused = await kubectl.attempt('create', 'configmap', 'late', '-n', 'n');
  assert.match(refused.stderr, /because it is being terminated/);
  await kubectl('patch', 'configmap', 'held', '-n', 'n', '--type=merge', '-p', finalizers('null'));
  await kubectl('wait', '--for=delete', 'namespace/n', '--timeout=15s');
});
