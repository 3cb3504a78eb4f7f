/** What kubectl streams: exec, logs, port-forward, cp and the proxy, into the pods of a real lab. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import type { Service } from '../../src/api/types/core.ts';
import type { StandInAnswer } from '../../src/workload/port.ts';
import { kubectlProblem, runKubectl, type Result } from '../support/kubectl.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { selector: { name: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
};

/** How newer and older clients speak: streams in a WebSocket, and SPDY on the connection itself. */
const protocols = {
  WebSocket: {},
  SPDY: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' },
};

suite('kubectl streams', { skip: cannotSendPackets || kubectlProblem() }, () => {
  let lab: TestLab;
  let env: NodeJS.ProcessEnv;
  const folder = mkdtempSync(join(tmpdir(), 'weft-streaming-'));

  before(async () => {
    lab = await startLab('streaming');
    await lab.apply([podOn('node-1', 'default/web', { ports: [8080, 9090] }), service]);
    const { kubeconfig } = openLabs().control.paths(lab.name);
    env = { ...process.env, KUBECONFIG: kubeconfig, HOME: folder };
  });
  after(async () => {
    await lab.down();
    rmSync(folder, { recursive: true });
  });

  const attempt = (args: string[], more: { input?: string; env?: object } = {}): Promise<Result> =>
    runKubectl(args, { ...more, env: { ...env, ...more.env } });
  const kubectl = async (...args: string[]): Promise<string> => {
    const result = await attempt(args);
    assert.equal(result.code, 0, `kubectl ${args.join(' ')}: ${result.stderr}`);
    return result.stdout;
  };
  /** Runs until the end of the test; what it prints grows. */
  const running = (t: TestContext, args: string[], more: object = {}): { readonly printed: () => string } => {
    const child = spawn('kubectl', args, { env: { ...env, ...more } });
    t.after(() => child.kill());
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
    return { printed: () => text };
  };

  for (const [name, variables] of Object.entries(protocols)) {
    test(`exec runs a program in the pod's network, its streams and exit code apart, over ${name}`, async () => {
      const script = 'hostname; ip -o -4 addr show eth0; echo oops >&2; exit 7';
      const ran = await attempt(['exec', 'web', '--', 'sh', '-c', script], { env: variables });
      const pod = await lab.pod('default/web');
      assert.equal(ran.code, 7, ran.stderr);
      assert.ok(ran.stdout.includes(` ${pod.status?.podIP}/32 `), ran.stdout);
      assert.match(ran.stderr, /^oops\n/);
    });

    test(`exec -i hands the input on to its end, over ${name}`, async () => {
      const input = 'a line of text\n'.repeat(100_000);
      const ran = await attempt(['exec', '-i', 'web', '--', 'wc', '-c'], { input, env: variables });
      assert.equal(ran.stdout.trim(), String(input.length));
    });

    test(`exec -t gives the program a terminal of the user's size, over ${name}`, () => {
      const inside = `sh -c 'until [ "$(stty size)" != "0 0" ]; do sleep 0.05; done; tty; stty size; exit 3'`;
      const words = `stty rows 33 cols 101; exec kubectl exec -it web -- ${inside}`;
      const { status, stdout } = spawnSync('script', ['-qec', words, '/dev/null'], {
        env: { ...env, ...variables },
        encoding: 'utf8',
        timeout: 20_000,
      });
      assert.match(stdout, /\/dev\/pts\/\d+\r\n33 101\r\n/);
      assert.equal(status, 3);
    });

    test(`port-forward leads to a pod's own loopback, and to one that a Service selects, over ${name}`, async (t) => {
      for (const to of [
        ['pod/web', ':8080'],
        ['svc/web', ':80'],
      ]) {
        const { printed } = running(t, ['port-forward', ...to], variables);
        const port = Number((await seen(printed, /127\.0\.0\.1:(\d+) ->/))[1]);
        const answers = await Promise.all([1, 2, 3, 4].map(() => ask(port)));
        for (const { pod, port: answered, source } of answers) {
          assert.deepEqual([pod, answered, source], ['default/web', 8080, '127.0.0.1']);
        }
      }
      const { printed } = running(t, ['port-forward', 'pod/web', ':81'], variables);
      const port = Number((await seen(printed, /127\.0\.0\.1:(\d+) ->/))[1]);
      await assert.rejects(ask(port));
      assert.match((await seen(printed, /error forwarding port 81.*/))[0], /refused|ECONNREFUSED/);
    });
  }

  test('cp copies a file there and back', async () => {
    const [from, inside, back] = ['from', 'inside', 'back'].map((name) => join(folder, name));
    const text = 'weft\0'.repeat(300_000);
    writeFileSync(from ?? '', text);
    await kubectl('cp', from ?? '', `web:${inside}`);
    await kubectl('cp', `web:${inside}`, back ?? '');
    assert.equal(readFileSync(back ?? '', 'utf8'), text);
  });

  test('a program whose client leaves is ended', async () => {
    const child = spawn('kubectl', ['exec', 'web', '--', 'sh', '-c', 'echo $$; exec sleep 1000'], { env });
    const pid = String(await new Promise((resolve) => child.stdout.once('data', resolve))).trim();
    const runs = (): boolean => existsSync(`/proc/${pid}`);
    assert.ok(runs());
    child.kill();
    while (runs()) await new Promise((resolve) => setTimeout(resolve, 20));
  });

  test('logs tell what a stand-in answered: the last lines, by container, as they come', async (t) => {
    const follower = running(t, ['logs', '-f', '--since=1h', 'web']);
    for (const path of ['/first', '/second'])
      await kubectl('get', '--raw', `${proxied('pods/web:8080')}${path}`);
    await kubectl('get', '--raw', `${proxied('pods/web:9090')}/third`);
    await seen(follower.printed, /GET \/third/);
    const lines = (await kubectl('logs', 'web')).trimEnd().split('\n').slice(-3);
    assert.match(lines[0] ?? '', /^TCP 8080 answered 127\.0\.0\.1 port \d+: "GET \/first"$/);
    assert.match(lines[2] ?? '', /^TCP 9090 answered .*"GET \/third"$/);
    assert.equal(await kubectl('logs', 'web', '--tail=1'), `${lines[2]}\n`);
    const [stamp] = (await kubectl('logs', 'web', '--tail=1', '--timestamps', '-c', 'c')).split(' ');
    assert.ok(Math.abs(Date.parse(stamp ?? '') - Date.now()) < 3_600_000);
    const later = new Date(Date.now() + 60_000).toISOString();
    assert.equal(await kubectl('logs', 'web', `--since-time=${later}`), '');
    assert.equal(await kubectl('logs', 'web', '--limit-bytes=5', '--tail=1'), 'TCP 9');
  });

  test('the proxy asks a pod, and a Service by the name of its port, without the secret of who asks', async () => {
    for (const path of ['pods/web:8080', 'services/web:http', 'services/http:web:80', 'services/web']) {
      const answer = JSON.parse(await kubectl('get', '--raw', `${proxied(path)}/x?y=1`)) as StandInAnswer;
      assert.equal(answer.pod, 'default/web', path);
    }
    assert.ok(!(await kubectl('logs', 'web')).includes('earer'));
  });

  for (const [name, variables] of Object.entries(protocols)) {
    test(`attach tells what a stand-in says from now on, over ${name}`, async (t) => {
      await kubectl('get', '--raw', `${proxied('pods/web:8080')}/before-${name}`);
      const attached = running(t, ['attach', 'web'], variables);
      // Nothing tells that it is attached but that it hears. The suite's time limit bounds it.
      for (let asked = 0; !attached.printed().includes(`/now-${name}-`); asked++) {
        await kubectl('get', '--raw', `${proxied('pods/web:8080')}/now-${name}-${asked}`);
      }
      assert.ok(!attached.printed().includes('before-'), attached.printed());
    });
  }

  test('what cannot be streamed is refused with the reason', async () => {
    const refusals = [
      [['attach', 'web', '-c', 'x'], /container x is not valid|container x not found/],
      [['exec', 'nobody', '--', 'true'], /pods "nobody" not found/],
      [['exec', 'web', '-c', 'x', '--', 'true'], /container x is not valid|container not found/],
      [['exec', 'web', '--', '/no/such'], /exit code 127/],
      [['logs', 'web', '--previous'], /previous terminated container/],
      [['logs', 'web', '-c', 'x'], /container x is not valid/],
      [['get', '--raw', `${proxied('services/web:81')}/`], /no port 81/],
      [['get', '--raw', `${proxied('pods/web:81')}/`], /ECONNREFUSED/],
      [['get', '--raw', `${proxied('pods/https:web:81')}/`], /speaks http, not https/],
      [['get', '--raw', '/api/v1/namespaces/default/pods/web/exec?command=x'], /at least 1 of stdin|Upgrade/],
      [['get', '--raw', '/api/v1/namespaces/default/pods/web/portforward'], /Upgrade request required/],
      [['top', 'pods'], /Metrics API not available/],
    ] as const;
    const answers = await Promise.all(refusals.map(([args]) => attempt([...args])));
    for (const [index, [args, message]] of refusals.entries()) {
      assert.notEqual(answers[index]?.code, 0, args.join(' '));
      assert.match(answers[index]?.stderr ?? '', message, args.join(' '));
    }
  });
});

const proxied = (of: string): string => `/api/v1/namespaces/default/${of}/proxy`;

/** Waits until it was printed. The suite's time limit bounds it. */
async function seen(printed: () => string, what: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const found = what.exec(printed());
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function ask(port: number): Promise<StandInAnswer> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => resolve(JSON.parse(text) as StandInAnswer));
    })
      .on('error', reject)
      .end();
  });
}
