/** What people see of a lab in trouble: status, logs, and a support bundle with no secrets in it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { StatusReport } from '../../src/cli/status/report.ts';
import { kill, pathsOf, processesOf, whenWhole } from '../faults/weft.ts';
import { cannotSendPackets } from '../support/lab.ts';
import { weft } from '../support/weft.ts';

const name = `test-diagnosis-${process.pid}`;
const planted = Array.from({ length: 9 }, (_, i) => `planted-secret-${i + 1}`);
const [inSecret, inStringData, inEnv, inUrl, inArgs, inConfig, inAnnotation, inLog, inPem] = planted;
const base64 = (text = ''): string => Buffer.from(text).toString('base64');
const pem = `-----BEGIN PRIVATE KEY-----\\n${inPem}\\n-----END PRIVATE KEY-----\\n`;

const manifest = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Secret
metadata:
  name: creds
  namespace: shop
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"kind":"Secret","stringData":{"a":"${inSecret}"}}'
data: { harmless: ${base64(inSecret)} }
stringData: { more: ${inStringData} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: shop }
data: { app.yaml: "user: x\\nword: ${inConfig}\\n" }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, annotations: { example.org/token: ${inAnnotation} } }
spec:
  containers:
    - name: web
      image: web
      args: [--password, ${inArgs}]
      env:
        - { name: API_PASSWORD, value: ${inEnv} }
        - { name: DATABASE, value: "postgres://user:${inUrl}@db:5432/x" }
        - { name: PEM, value: "${pem}" }
      ports: [{ containerPort: 8080 }]
---
apiVersion: v1
kind: Pod
metadata: { name: stuck, namespace: shop }
spec: { nodeSelector: { disk: none }, containers: [{ name: c, image: c }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: closed, namespace: shop }
spec: { podSelector: {} }
`;

describe('a lab in trouble', { skip: cannotSendPackets }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-diagnosis-'));
  const paths = pathsOf(name);

  const statusNow = async (): Promise<{ code: number; report: StatusReport }> => {
    const { code, out } = await weft('status', '--name', name, '-o', 'json');
    return { code, report: JSON.parse(out) as StatusReport };
  };

  /** Makes a bundle, unpacks it, and returns what is in it by path. */
  const bundle = async (label: string): Promise<{ files: Map<string, string>; err: string }> => {
    const path = join(folder, `${label}.tar.gz`);
    const { code, out, err } = await weft('support-bundle', '--name', name, '-o', path);
    assert.equal(code, 0, err);
    assert.equal(out, `${path}\n`);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const unpacked = join(folder, label);
    mkdirSync(unpacked);
    execFileSync('tar', ['-xzf', path, '-C', unpacked]);
    const root = join(unpacked, 'weft-support');
    const entries = readdirSync(root, { recursive: true, encoding: 'utf8' });
    const texts = entries
      .filter((entry) => statSync(join(root, entry)).isFile())
      .map((entry): [string, string] => [entry, readFileSync(join(root, entry), 'utf8')]);
    return { files: new Map(texts), err };
  };

  before(async () => {
    writeFileSync(join(folder, 'app.yaml'), manifest);
    const { code, err } = await weft('up', '-f', join(folder, 'app.yaml'), '--name', name, '--nodes', '2');
    assert.equal(code, 0, err);
    // Whatever writes logs may one day write this.
    appendFileSync(paths.log('dns'), `cannot read ${inEnv} or ${base64(inSecret)}; PASSWORD=${inLog}\n`);
  });
  after(async () => {
    for (const { record } of processesOf(name)) process.kill(record.pid, 'SIGCONT');
    await weft('down', '--name', name);
    rmSync(folder, { recursive: true });
  });

  test('a time-out of up names what was not ready and why, with exit code 1', async () => {
    const words = [
      'up',
      '-f',
      join(folder, 'app.yaml'),
      '--name',
      name,
      '--nodes',
      '2',
      '--wait',
      '--timeout',
      '1',
    ];
    const { code, out, err } = await weft(...words);
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.match(
      err,
      /not ready in time:\n {2}Pod shop\/stuck: .*FailedScheduling: 0\/2 nodes are available/,
    );
    assert.doesNotMatch(err, /shop\/web/);
  });

  test('status says who runs, what is programmed, and why something is not ready', async () => {
    const { code, report } = await statusNow();
    assert.equal(code, 1);
    assert.deepEqual(
      report.processes.map(({ role, pid = 0, residentBytes = 0 }) => [
        role,
        pid > 0,
        residentBytes > 1 << 20,
      ]),
      ['holder', 'control', 'agents', 'dns'].map((role) => [role, true, true]),
    );
    assert.deepEqual(report.cluster?.networkPolicies, [{ key: 'shop/closed', isProgrammed: true }]);
    assert.deepEqual(
      report.unready.map(({ kind, key, event }) => [kind, key, event?.reason]),
      [['Pod', 'shop/stuck', 'FailedScheduling']],
    );
  });

  test('a process that was killed is counted, whoever it was', async () => {
    for (const role of ['dns', 'holder'] as const) {
      const found = processesOf(name).find((one) => one.role === role);
      assert.ok(found !== undefined && kill(found));
      while ((await statusNow()).report.processes.find((one) => one.role === role)?.restarts !== 1);
      await whenWhole(name);
    }
  });

  test('logs are those of the process, node or pod that was asked for', async () => {
    const started = await weft('logs', 'control', '--name', name, '--tail', '1', '-o', 'json');
    assert.equal((JSON.parse(started.out) as { source: string }).source, 'control');
    const pod = await weft('logs', 'shop/stuck', '--name', name);
    assert.match(pod.out, /WARN {2}events: FailedScheduling: .*pod=shop\/stuck/);
    assert.doesNotMatch(pod.out, /started/);
    assert.equal((await weft('logs', 'nobody', '--name', name)).code, 2);
    assert.equal((await weft('logs', '--since', 'yesterday', '--name', name)).code, 2);
    assert.deepEqual(
      readdirSync(paths.logs).map((file) => statSync(join(paths.logs, file)).mode & 0o777),
      [0o600, 0o600, 0o600, 0o600],
    );
  });

  test('a bundle tells everything but secrets', async () => {
    const { files } = await bundle('whole');
    for (const [path, says] of [
      ['versions.json', /"weft": "/],
      ['status.txt', /shop\/stuck/],
      ['objects/events.json', /FailedScheduling/],
      ['objects/pods.json', /"containerPort": 8080/],
      ['objects/secrets.json', /"harmless": "\[removed\]"/],
      ['kernel/node-node-1/nft.txt', /table ip weft-services \{/],
      ['kernel/node-node-2/network.json', /"destination": "10\.244\.0\.0\/24"/],
      ['kernel/node-node-1/connections.json', /"total": \d/],
      ['logs/agents.log', /"msg":"started"/],
      ['files.txt', /100600 +\d+ store\.db/],
    ] as const) {
      assert.match(files.get(path) ?? '', says, path);
    }
    assertNoSecrets(files);
  });

  test('a lab whose API server hangs and whose holder is gone still tells what it can', async () => {
    const stopped = processesOf(name).filter(({ role }) => role !== 'holder');
    for (const { record } of stopped) process.kill(record.pid, 'SIGSTOP');
    for (const found of processesOf(name).filter(({ role }) => role === 'holder')) kill(found);
    const { files, err } = await bundle('half-dead');
    assert.match(err, /objects: objects did not answer within/);
    assert.match(files.get('problems.txt') ?? '', /objects did not answer/);
    const status = files.get('status.txt') ?? '';
    assert.match(status, /holder +Process +is not running/);
    assert.match(status, /control +Process +the API server did not answer/);
    assert.match(status, /exit code 1/);
    assert.match(files.get('kernel/node-node-1/nft.txt') ?? '', /table ip weft-policy/);
    assert.match(files.get('logs/control.log') ?? '', /"msg":"started"/);
    for (const { record } of stopped) process.kill(record.pid, 'SIGKILL');
    const dead = await bundle('dead');
    assert.match(dead.files.get('problems.txt') ?? '', /kernel: lab .* is not running/);
    assert.match(dead.files.get('status.txt') ?? '', /agents +Process +is not running/);
  });

  function assertNoSecrets(files: ReadonlyMap<string, string>): void {
    const token = /"?token"?: *"?([^"\s]+)/.exec(readFileSync(paths.kubeconfig, 'utf8'))?.[1] ?? '';
    assert.ok(token.length > 16);
    for (const [path, text] of files) {
      for (const secret of [...planted, ...planted.map(base64), token, base64(token)]) {
        assert.ok(!text.includes(secret), `${path} holds ${secret}`);
      }
      assert.doesNotMatch(text, /PRIVATE KEY/, path);
    }
  }
});
