/** What helm does with a chart from its first installation to its removal. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import { startLocalServer } from '../../src/apiserver/testing/local-server.ts';
import { createClient } from '../../src/client/http/client.ts';
import type { Client } from '../../src/client/port.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { startControllers } from '../support/controllers.ts';
import { helmProblem, runHelm } from '../support/helm.ts';

const skip = helmProblem();

const files = {
  'Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 0.1.0\n',
  'values.yaml': 'replicas: 1\ngreeting: hello\n',
  'templates/all.yaml': `
apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Release.Name }} }
data: { greeting: {{ .Values.greeting | quote }} }
---
apiVersion: v1
kind: Service
metadata: { name: {{ .Release.Name }} }
spec: { selector: { app: {{ .Release.Name }} }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: {{ .Release.Name }} }
spec:
  replicas: {{ .Values.replicas }}
  selector: { matchLabels: { app: {{ .Release.Name }} } }
  template:
    metadata: { labels: { app: {{ .Release.Name }} } }
    spec: { containers: [{ name: c, image: shop:{{ .Chart.Version }}, ports: [{ containerPort: 8080 }] }] }
`,
  'templates/balanced.yaml': `
{{ if .Values.balanced }}
apiVersion: v1
kind: Service
metadata: { name: {{ .Release.Name }}-balanced }
spec: { type: LoadBalancer, selector: { app: {{ .Release.Name }} }, ports: [{ port: 80 }] }
{{ end }}
`,
  // A hook runs before anything else is installed, and is waited for.
  'templates/hook.yaml': `
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-hook
  annotations: { helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: before-hook-creation }
data: { revision: {{ .Release.Revision | quote }} }
`,
};

interface Shop {
  /** Runs helm; fails the test when it fails. */
  readonly helm: (...args: string[]) => Promise<string>;
  readonly attempt: (...args: string[]) => ReturnType<typeof runHelm>;
  readonly client: Client;
  readonly chart: string;
}

async function shopOn(t: TestContext): Promise<Shop> {
  const server = await startLocalServer();
  t.after(() => server.close());
  await startControllers(t, server);
  const chart = join(server.directory, 'chart');
  mkdirSync(join(chart, 'templates'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(chart, name), text);
  const client = createClient({ ...server.access, clock: systemClock, log: silentLog });
  t.after(() => client.close());
  const env = { PATH: process.env['PATH'], KUBECONFIG: server.kubeconfig, HOME: server.directory };
  const attempt: Shop['attempt'] = (...args) => runHelm(args, env);
  const helm = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await attempt(...args);
    assert.equal(code, 0, `helm ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  return { helm, attempt, client, chart };
}

const shop = { namespace: 'default', name: 'shop' };
const waiting = ['--wait', '--timeout', '30s'];

test(
  'a release is installed, upgraded, rolled back and uninstalled, each waited for',
  { skip },
  async (t) => {
    const { helm, client, chart } = await shopOn(t);
    const state = async (): Promise<unknown[]> => {
      const [deployment, config, hook] = await Promise.all([
        client.get(resources.deployments, shop),
        client.get(resources.configmaps, shop),
        client.get(resources.configmaps, { ...shop, name: 'shop-hook' }),
      ]);
      return [deployment?.status?.readyReplicas, config?.data?.['greeting'], hook?.data?.['revision']];
    };
    assert.match(await helm('install', 'shop', chart, ...waiting), /STATUS: deployed\nREVISION: 1/);
    assert.deepEqual(await state(), [1, 'hello', '1']);
    await helm('upgrade', 'shop', chart, '--set', 'replicas=3,greeting=hi', ...waiting);
    assert.deepEqual(await state(), [3, 'hi', '2']);
    await helm('rollback', 'shop', '1', ...waiting);
    assert.deepEqual(await state(), [1, 'hello', '2']);
    const history = JSON.parse(await helm('history', 'shop', '-o', 'json')) as { status: string }[];
    assert.deepEqual(
      history.map(({ status }) => status),
      ['superseded', 'superseded', 'deployed'],
    );
    assert.match(await helm('get', 'manifest', 'shop'), /image: shop:0\.1\.0/);
    await helm('uninstall', 'shop', '--wait');
    const left = await Promise.all([
      client.list(resources.deployments),
      client.list(resources.pods),
      client.list(resources.secrets),
    ]);
    assert.deepEqual(
      left.map(({ items }) => items.length),
      [0, 0, 0],
    );
    // A hook's objects are nobody's, as helm has it.
    assert.deepEqual(await state(), [undefined, undefined, '2']);
  },
);

test(
  'an upgrade that the server refuses changes nothing, and one that is never ready is rolled back',
  { skip },
  async (t) => {
    const { helm, attempt, client, chart } = await shopOn(t);
    await helm('install', 'shop', chart, ...waiting);
    const refused = await attempt('upgrade', 'shop', chart, '--set', 'replicas=many');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /cannot be handled as a Deployment|must be an integer/);
    // Nobody here gives a load balancer its address.
    const values = ['--set', 'balanced=true,replicas=2'];
    const late = await attempt('upgrade', 'shop', chart, ...values, '--wait', '--timeout', '1s');
    assert.match(late.stderr, /context deadline exceeded|timed out/);
    assert.match(await helm('status', 'shop'), /STATUS: failed/);
    await helm('rollback', 'shop', '1', ...waiting);
    const balanced = { ...shop, name: 'shop-balanced' };
    assert.equal(await client.get(resources.services, balanced), undefined);
    const deployment = await client.get(resources.deployments, shop);
    assert.equal(deployment?.spec.replicas, 1);
  },
);
