/** `weft open`: from this machine's loopback into a real lab. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { Service } from '../../src/api/types/core.ts';
import type { KubernetesObject } from '../../src/api/types/meta.ts';
import type { StandInAnswer } from '../../src/workload/port.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';

const program = join(import.meta.dirname, '../../src/cmd/weft.ts');

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
};
const empty: Service = {
  ...service,
  metadata: { name: 'empty', namespace: 'default' },
  spec: { selector: { app: 'nobody' }, ports: [{ port: 80 }] },
};

/** Two pods behind a Service, the second on this node, and a Service without any. */
const objects = (second: string): KubernetesObject[] => [
  podOn('node-1', 'default/web-1', { labels: { app: 'web' } }),
  podOn(second, 'default/web-2', { labels: { app: 'web' } }),
  service,
  empty,
];

suite('weft open', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  before(async () => {
    lab = await startLab('open');
    await lab.apply(objects('node-2'));
  });
  after(() => lab.down());

  const open = async (t: TestContext, ...words: string[]): Promise<Opened> => {
    const child = spawn(process.execPath, [program, 'open', ...words, '--name', lab.name]);
    t.after(() => child.kill());
    const complaints = { text: '' };
    child.stderr.on('data', (chunk) => (complaints.text += String(chunk)));
    const line = await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(() => assert.fail(complaints.text)),
    ]);
    return { child, port: Number(new URL(String(line[0]).trim()).port), complaints };
  };

  test('requests are balanced by the Service, and the machine’s own network stays as it is', async (t) => {
    const before = hostNetwork();
    const { child, port } = await open(t, 'svc:default/web');
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(port)));
    assert.deepEqual(new Set(answers.map(({ pod }) => pod)), new Set(['default/web-1', 'default/web-2']));
    assert.deepEqual(new Set(answers.map((answer) => answer.port)), new Set([8080]));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const kept = [await ask(port, agent), await ask(port, agent), await ask(port, agent)];
    assert.equal(new Set(kept.map(({ sourcePort }) => sourcePort)).size, 1);
    agent.destroy();
    assert.equal(hostNetwork(), before);

    const ended = once(child, 'exit');
    child.kill('SIGINT');
    assert.deepEqual(await ended, [0, null]);
    await assert.rejects(ask(port), { code: 'ECONNREFUSED' });
  });

  test('a connection of any protocol goes through, each direction to its end', async (t) => {
    const { port } = await open(t, 'pod:default/web-1:8080');
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    client.end('anything\n'.repeat(50));
    const lines = String(Buffer.concat((await client.toArray()) as Buffer[]))
      .trimEnd()
      .split('\n');
    assert.equal(lines.length, 50);
    assert.equal((JSON.parse(lines.at(-1) ?? '') as StandInAnswer).pod, 'default/web-1');
  });

  test('a pod that comes again under its name is found again', async (t) => {
    const { port } = await open(t, 'pod:default/web-2:8080');
    assert.equal((await ask(port)).node, 'node-2');
    const { client } = lab.connection;
    const ref = { namespace: 'default', name: 'web-2' };
    await client.delete(resources.pods, ref);
    while ((await client.get(resources.pods, ref)) !== undefined)
      await new Promise((resolve) => setTimeout(resolve, 20));
    await lab.apply(objects('node-3'));
    // The one that went answers until its namespace is gone.
    const node = async (): Promise<string | undefined> => (await ask(port).catch(() => undefined))?.node;
    while ((await node()) !== 'node-3') await new Promise((resolve) => setTimeout(resolve, 20));
  });

  test('whom nobody answers finds the connection closed, and the person is told why', async (t) => {
    const { port, complaints } = await open(t, 'svc:default/empty');
    await assert.rejects(ask(port), { code: 'ECONNRESET' });
    while (!complaints.text.includes('svc:default/empty: '))
      await new Promise((resolve) => setTimeout(resolve, 20));
    assert.match(complaints.text, /no connection to 10\.\d+\.\d+\.\d+ port 80: E/);
  });
});

interface Opened {
  readonly child: ChildProcess;
  readonly port: number;
  /** Grows. */
  readonly complaints: { readonly text: string };
}

function ask(port: number, agent: Agent | false = false): Promise<StandInAnswer> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, agent }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => resolve(JSON.parse(text) as StandInAnswer));
    })
      .on('error', reject)
      .end();
  });
}

/** Addresses, routes and rules of this machine, without what counts or ages. */
function hostNetwork(): string {
  return [
    ['ip', '-o', 'address'],
    ['ip', 'route', 'show', 'table', 'all'],
    ['nft', '-s', 'list', 'ruleset'],
  ]
    .map(([command = '', ...args]) => spawnSync(command, args, { encoding: 'utf8' }).stdout)
    .join()
    .replaceAll(/(valid|preferred)_lft \S+/g, '');
}
