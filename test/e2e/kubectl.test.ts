import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { kubectlOn, kubectlProblem } from '../support/kubectl.ts';

const skip = kubectlProblem();

const app = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'main', image: 'nginx', ports: [{ containerPort: 80 }] }] },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }] },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'web' },
      spec: {
        podSelector: { matchLabels: { app: 'web' } },
        ingress: [{ ports: [{ port: 80, protocol: 'TCP' }] }],
      },
    },
  ],
};

test(
  'kubectl applies, applies again unchanged, scales, patches, describes and deletes',
  { skip },
  async (t) => {
    const kubectl = await kubectlOn(t);
    const file = await kubectl.manifest('app', app);
    const first = await kubectl('apply', '-f', file);
    assert.deepEqual(first.stdout.trim().split('\n'), [
      'deployment.apps/web created',
      'service/web created',
      'networkpolicy.networking.k8s.io/web created',
    ]);
    assert.equal(first.stderr, '');
    const again = await kubectl('apply', '-f', file);
    assert.equal(again.stdout.match(/unchanged/g)?.length, 3, again.stdout);

    await kubectl('scale', 'deployment/web', '--replicas=5');
    assert.equal((await kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.spec.replicas}')).stdout, '5');
    await kubectl('set', 'image', 'deployment/web', 'main=other');
    await kubectl('patch', 'service', 'web', '-p', '{"spec":{"ports":[{"name":"more","port":81}]}}');
    await kubectl(
      'patch',
      'networkpolicy',
      'web',
      '--type=json',
      '-p',
      '[{"op":"remove","path":"/spec/ingress"}]',
    );
    await kubectl('label', 'networkpolicy', 'web', 'seen=yes');
    const described = await kubectl('describe', 'deployment,service,networkpolicy', 'web');
    for (const part of [/Image: +other/, /Port: +more +81\/TCP/, /Allowing ingress traffic:/, /seen=yes/]) {
      assert.match(described.stdout, part);
    }
    const back = await kubectl('apply', '-f', file);
    assert.equal(back.stdout.match(/configured/g)?.length, 3, back.stdout);
    await kubectl('delete', '-f', file);
    assert.equal((await kubectl('get', 'deployment,service,networkpolicy', '-o', 'name')).stdout, '');
  },
);

test('kubectl get prints the columns of each kind, also wide', { skip }, async (t) => {
  const kubectl = await kubectlOn(t);
  await kubectl('apply', '-f', await kubectl.manifest('app', app));
  const headings = async (...args: string[]): Promise<string[]> =>
    (await kubectl('get', ...args)).stdout.split('\n', 1).join('').split(/ {2,}/);
  assert.deepEqual(await headings('deploy', '-o', 'wide'), [
    'NAME',
    'READY',
    'UP-TO-DATE',
    'AVAILABLE',
    'AGE',
    'CONTAINERS',
    'IMAGES',
    'SELECTOR',
  ]);
  assert.deepEqual(await headings('svc'), ['NAME', 'TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORT(S)', 'AGE']);
  assert.deepEqual(await headings('netpol'), ['NAME', 'POD-SELECTOR', 'AGE']);
  assert.deepEqual(await headings('ns', '--show-labels'), ['NAME', 'STATUS', 'AGE', 'LABELS']);
});

test(
  'kubectl refuses fields that do not exist, and the server names what is invalid',
  { skip },
  async (t) => {
    const kubectl = await kubectlOn(t);
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } };
    const misspelt = { ...service, spec: { ports: [{ port: 80, protcol: 'UDP' }] } };
    const strict = await kubectl.attempt('apply', '-f', await kubectl.manifest('strict', misspelt));
    assert.equal(strict.code, 1);
    assert.match(strict.stderr, /strict decoding error: unknown field "spec\.ports\[0\]\.protcol"/);
    const broken = { ...service, spec: { ports: [{ port: 0 }] } };
    const invalid = await kubectl.attempt('create', '-f', await kubectl.manifest('invalid', broken));
    assert.match(invalid.stderr, /The Service "a" is invalid: \n\* spec\.ports\[0\]\.port/);
  },
);

test('kubectl get --watch tells what happens', { skip }, async (t) => {
  const kubectl = await kubectlOn(t);
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  };
  await kubectl('apply', '-f', await kubectl.manifest('a', pod));
  const watch = spawn('kubectl', ['get', 'pods', '--watch', '--output-watch-events'], { env: kubectl.env });
  t.after(() => watch.kill());
  let seen = '';
  const sees = async (what: RegExp): Promise<void> => {
    for await (const piece of watch.stdout.iterator({ destroyOnReturn: false })) {
      seen += String(piece);
      if (what.test(seen)) return;
    }
    assert.fail(`the watch ended before ${what}: ${seen}`);
  };
  await sees(/ADDED +a +0\/1 +Pending/);
  await kubectl('apply', '-f', await kubectl.manifest('b', { ...pod, metadata: { name: 'b' } }));
  await sees(/ADDED +b /);
  await kubectl('delete', 'pod', 'a');
  await sees(/DELETED +a /);
  assert.equal(seen.match(/EVENT/g)?.length, 1, 'the heading is printed once');
});

/** Newer kubectl sends what it makes itself as protobuf, and what it is given as JSON. */
const made = [
  ['namespace', 'made'],
  ['configmap', 'made', '--from-literal=a=b', '--from-literal=c='],
  ['secret', 'generic', 'made', '--from-literal=password=secret'],
  ['serviceaccount', 'made'],
  ['service', 'nodeport', 'made', '--tcp=80:8080', '--node-port=30123'],
  ['service', 'externalname', 'elsewhere', '--external-name=example.com'],
  ['deployment', 'made', '--image=a', '--image=b', '--replicas=3'],
  ['job', 'made', '--image=a', '--', 'sh', '-c', 'exit 0'],
  ['cronjob', 'made', '--image=a', '--schedule=*/5 * * * *'],
  ['ingress', 'made', '--rule=example.com/path*=made:80,tls=made', '--annotation=a=b'],
  ['role', 'made', '--verb=get,list', '--resource=pods'],
  ['rolebinding', 'made', '--role=made', '--serviceaccount=default:made'],
  ['poddisruptionbudget', 'made', '--selector=app=made', '--min-available=50%'],
  ['quota', 'made', '--hard=pods=5,requests.cpu=500m'],
] as const;

test('what kubectl create sends is the same object as its JSON', { skip }, async (t) => {
  const binary = await kubectlOn(t);
  const json = await kubectlOn(t);
  /** Without what is never the same twice, and structs that Go writes in JSON although they are empty. */
  const changing = ['uid', 'creationTimestamp', 'resourceVersion', 'controller-uid'];
  const structs = ['metadata', 'resources', 'strategy', 'status', 'loadBalancer'];
  const essence = (text: string): unknown =>
    JSON.parse(text, (key, value: unknown) => {
      const empty = structs.includes(key) && JSON.stringify(value) === '{}';
      return empty || changing.includes(key.replace('batch.kubernetes.io/', '')) ? undefined : value;
    });
  for (const [kind, ...args] of made) {
    await binary('create', kind, ...args);
    const { stdout } = await binary('create', kind, ...withFlags(args, '-o', 'json', '--dry-run=client'));
    const object = JSON.parse(stdout) as { metadata: { name: string } };
    await json('create', '-f', await json.manifest('made', object));
    const get = ['get', kind, object.metadata.name, '-o', 'json'];
    assert.deepEqual(essence((await binary(...get)).stdout), essence((await json(...get)).stdout), kind);
  }
});

/** Flags go before the command of a Job. */
function withFlags(args: readonly string[], ...flags: string[]): string[] {
  const end = args.indexOf('--');
  return end < 0 ? [...args, ...flags] : [...args.slice(0, end), ...flags, ...args.slice(end)];
}

const boutique = join(import.meta.dirname, '../../../shared/manifests/online-boutique');

test(
  'kubectl applies the Online Boutique and its policies without a warning',
  { skip: skip || (existsSync(boutique) ? false : 'the shared manifests are absent') },
  async (t) => {
    const kubectl = await kubectlOn(t);
    const files = [
      '-f',
      join(boutique, 'kubernetes-manifests.yaml'),
      '-f',
      join(boutique, 'network-policies'),
    ];
    const first = await kubectl('apply', ...files);
    assert.equal(first.stderr, '');
    assert.equal(first.stdout.match(/ created$/gm)?.length, 48);
    const again = await kubectl('apply', ...files);
    assert.equal(again.stdout.match(/ unchanged$/gm)?.length, 48, again.stdout);
    const differs = await kubectl.attempt('diff', ...files);
    assert.equal(differs.code, 0, differs.stdout);
  },
);
