import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import test from 'node:test';
import { kubectlOn, kubectlProblem, type Kubectl } from '../support/kubectl.ts';

const skip = kubectlProblem();

const deployment = (spec: object = {}, image = 'one'): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image }] } },
    ...spec,
  },
});

const jsonPath = async (kubectl: Kubectl, object: string, path: string): Promise<string> =>
  (await kubectl('get', object, '-o', `jsonpath=${path}`)).stdout;

const managers = '{range .metadata.managedFields[*]}{.manager} {.operation} {.subresource}{"\\n"}{end}';

test('kubectl apply --server-side keeps to its fields, names conflicts, and forces', { skip }, async (t) => {
  const kubectl = await kubectlOn(t);
  const file = await kubectl.manifest('web', deployment({ replicas: 2 }));
  const first = await kubectl('apply', '--server-side', '-f', file);
  assert.equal(first.stdout, 'deployment.apps/web serverside-applied\n');
  const version = await jsonPath(kubectl, 'deployment/web', '{.metadata.resourceVersion}');
  await kubectl('apply', '--server-side', '-f', file);
  assert.equal(await jsonPath(kubectl, 'deployment/web', '{.metadata.resourceVersion}'), version);

  await kubectl('scale', 'deployment/web', '--replicas=5');
  const refused = await kubectl.attempt('apply', '--server-side', '-f', file);
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /conflict with "kubectl" with subresource "scale" using apps\/v1: \.spec\.replicas/,
  );
  const unscaled = await kubectl.manifest('unscaled', deployment());
  await kubectl('apply', '--server-side', '-f', unscaled);
  assert.equal(await jsonPath(kubectl, 'deployment/web', '{.spec.replicas}'), '5');
  await kubectl('apply', '--server-side', '--force-conflicts', '-f', file);
  assert.equal(await jsonPath(kubectl, 'deployment/web', '{.spec.replicas}'), '2');
  const other = await kubectl.manifest('other', deployment({ minReadySeconds: 3 }));
  await kubectl('apply', '--server-side', '--field-manager=other', '-f', other);
  assert.equal(await jsonPath(kubectl, 'deployment/web', managers), 'kubectl Apply \nother Apply \n');
});

test('kubectl moves an object from its own apply to that of the server', { skip }, async (t) => {
  const kubectl = await kubectlOn(t);
  await kubectl('apply', '-f', await kubectl.manifest('old', deployment({ replicas: 2, paused: true })));
  const moved = await kubectl(
    'apply',
    '--server-side',
    '-f',
    await kubectl.manifest('new', deployment({ replicas: 3 })),
  );
  assert.equal(moved.stderr, '');
  assert.equal(await jsonPath(kubectl, 'deployment/web', '{.spec.replicas} {.spec.paused}'), '3 ');
});

test('kubectl diff shows what an apply would change, by client and by server', { skip }, async (t) => {
  const kubectl = await kubectlOn(t);
  const same = await kubectl.manifest('same', deployment());
  const changed = await kubectl.manifest('changed', deployment({}, 'two'));
  for (const flags of [[], ['--server-side']]) {
    await kubectl('apply', ...flags, '-f', same);
    assert.equal((await kubectl.attempt('diff', ...flags, '-f', same)).code, 0);
    const diff = await kubectl.attempt('diff', ...flags, '-f', changed);
    assert.equal(diff.code, 1);
    const lines = diff.stdout.split('\n').filter((line) => /^[-+] /.test(line));
    assert.deepEqual(
      lines.map((line) => line.replace(/\s+/g, ' ')),
      ['- generation: 1', '+ generation: 2', '- - image: one', '+ - image: two'],
    );
    await kubectl('delete', '-f', same);
  }
});

test('kubectl explain tells of fields, and api-resources of kinds', { skip }, async (t) => {
  const kubectl = await kubectlOn(t);
  const ports = (await kubectl('explain', 'service.spec.ports')).stdout;
  assert.match(ports, /^KIND: +Service\nVERSION: +v1\n/);
  assert.match(ports, /nodePort\t<integer>\n +The port on each node/);
  assert.match(
    (await kubectl('explain', 'netpol.spec.ingress.from', '--recursive')).stdout,
    /ipBlock\t<IPBlock>\n +cidr\t<string>/,
  );
  assert.match((await kubectl('explain', 'clusternetwork.spec.model')).stdout, /How pods get addresses/);
  const kinds = (await kubectl('api-resources', '--no-headers', '-o', 'wide')).stdout;
  assert.match(
    kinds,
    /^deployments +deploy +apps\/v1 +true +Deployment +create,delete,deletecollection,get,list,patch,update,watch +all$/m,
  );
  assert.match((await kubectl('api-versions')).stdout, /^networking\.k8s\.io\/v1$/m);
  assert.match((await kubectl('version')).stdout, /Server Version: v1\.\d+\.\d+\+weft/);
});

test('kubectl auth says that an administrator may do everything', { skip }, async (t) => {
  const kubectl = await kubectlOn(t);
  assert.equal((await kubectl('auth', 'can-i', 'delete', 'nodes')).stdout, 'yes\n');
  assert.match((await kubectl('auth', 'can-i', '--list')).stdout, /\*\.\* .*\[\*\]/);
});

const pod = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i' }] },
});

const setStatus = (kubectl: Kubectl, object: string, status: object): Promise<unknown> =>
  kubectl('patch', object, '--subresource=status', '--type=merge', '-p', JSON.stringify({ status }));

test('kubectl wait and rollout status end when the status says so', { skip }, async (t) => {
  const kubectl = await kubectlOn(t);
  await kubectl('apply', '-f', await kubectl.manifest('pod', pod('a')));
  await kubectl('apply', '-f', await kubectl.manifest('web', deployment({ replicas: 1 })));
  const ready = kubectl('wait', '--for=condition=Ready', 'pod/a', '--timeout=15s');
  const rolled = kubectl('rollout', 'status', 'deployment/web', '--timeout=15s');
  await setStatus(kubectl, 'pod/a', { conditions: [{ type: 'Ready', status: 'True' }] });
  await setStatus(kubectl, 'deployment/web', {
    observedGeneration: 1,
    replicas: 1,
    updatedReplicas: 1,
    availableReplicas: 1,
  });
  assert.equal((await ready).stdout, 'pod/a condition met\n');
  assert.match((await rolled).stdout, /deployment "web" successfully rolled out\n$/);
  const gone = spawn('kubectl', ['wait', '--for=delete', 'pod/a', '--timeout=15s'], { env: kubectl.env });
  const { promise, resolve } = Promise.withResolvers<number | null>();
  gone.on('exit', resolve);
  await kubectl('delete', 'pod', 'a', '--wait=false');
  assert.equal(await promise, 0);
  const never = await kubectl.attempt('wait', '--for=condition=Nothing', 'deployment/web', '--timeout=1s');
  assert.match(never.stderr, /timed out waiting for the condition/);
});

test('kubectl delete --cascade=orphan leaves what the object owned', { skip }, async (t) => {
  const kubectl = await kubectlOn(t);
  await kubectl('apply', '-f', await kubectl.manifest('web', deployment()));
  const uid = await jsonPath(kubectl, 'deployment/web', '{.metadata.uid}');
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid, controller: true };
  const owned = { ...pod('owned'), metadata: { name: 'owned', ownerReferences: [owner] } };
  await kubectl('create', '-f', await kubectl.manifest('owned', owned));
  await kubectl('delete', 'deployment', 'web', '--cascade=orphan');
  assert.equal(await jsonPath(kubectl, 'pod/owned', '{.metadata.ownerReferences[*].name}'), '');
});

test('kubectl shows events of an object, in describe too', { skip }, async (t) => {
  const kubectl = await kubectlOn(t);
  await kubectl('apply', '-f', await kubectl.manifest('pod', pod('a')));
  const uid = await jsonPath(kubectl, 'pod/a', '{.metadata.uid}');
  await kubectl(
    'create',
    '-f',
    await kubectl.manifest('event', {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'a.1', namespace: 'default' },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'a', namespace: 'default', uid },
      reason: 'Moved',
      message: 'to another place',
      type: 'Warning',
    }),
  );
  assert.match(
    (await kubectl('events', '--for', 'pod/a')).stdout,
    /Warning +Moved +Pod\/a +to another place/,
  );
  assert.match((await kubectl('describe', 'pod', 'a')).stdout, /Warning +Moved .*to another place/);
  assert.match((await kubectl('get', 'events', '--field-selector', 'type=Warning')).stdout, /Moved/);
});

test('kubectl drain evicts within disruption budgets', { skip }, async (t) => {
  const kubectl = await kubectlOn(t);
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } };
  await kubectl('create', '-f', await kubectl.manifest('node', node));
  const spec = { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] };
  await kubectl('create', '-f', await kubectl.manifest('pod', { ...pod('a'), spec }));
  await setStatus(kubectl, 'pod/a', { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] });
  const drained = await kubectl('drain', 'n', '--force', '--timeout=15s');
  assert.match(drained.stdout, /node\/n drained/);
  assert.equal(await jsonPath(kubectl, 'node/n', '{.spec.unschedulable}'), 'true');
  assert.equal((await kubectl('get', 'pods', '-o', 'name')).stdout, '');
});
