/** Labs of an ordinary user: a user of this test's own, without root, sudo or any capability. */
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { labPaths } from '../../src/lab/paths.ts';
import type { Ended } from '../support/weft.ts';

/** Nobody: no file of this machine is this user's. */
const uid = 65_534;
const name = `test-user-${process.pid}`;
const example = fileURLToPath(new URL('../../examples/two-tier', import.meta.url));
const entry = fileURLToPath(new URL('../../src/cmd/weft.ts', import.meta.url));

/** Why these tests cannot run here; false where they can. */
function problem(): string | false {
  if (process.getuid?.() !== 0) return 'needs root, to become another user';
  const options = { uid, gid: uid, encoding: 'utf8' } as const;
  const namespaces = spawnSync('unshare', ['--user', '--map-root-user', '--net', 'true'], options);
  if (namespaces.status !== 0) return `user namespaces are not allowed: ${namespaces.stderr?.trim()}`;
  const sources = spawnSync(process.execPath, [entry, '--help'], options);
  return sources.status === 0 ? false : 'the checkout is not readable for other users';
}

suite('a lab without root', { skip: problem() }, () => {
  const runtime = mkdtempSync(join(tmpdir(), 'weft-user-'));
  const paths = labPaths(join(runtime, 'weft'), name);
  const env = { PATH: process.env['PATH'], HOME: runtime, XDG_RUNTIME_DIR: runtime };

  const weft = (...words: string[]): Promise<Ended> =>
    new Promise((resolve) => {
      const options = { uid, gid: uid, env, maxBuffer: 1 << 26 };
      execFile(process.execPath, [entry, ...words], options, (error, out, err) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out, err });
      });
    });
  const inLab = (...words: string[]): Promise<Ended> => weft(...words, '--name', name);

  before(async () => {
    chownSync(runtime, uid, uid);
    const { code, err } = await inLab('up', '-f', example, '--wait');
    assert.equal(code, 0, err);
    assert.match(err, /without root: /);
  });
  after(async () => {
    await inLab('down');
    rmSync(runtime, { recursive: true });
  });

  test('has all its processes as that user, in a user and a network namespace of its own', () => {
    assert.deepEqual([...pids().keys()].toSorted(), ['agents', 'control', 'dns', 'holder']);
    for (const [role, pid] of pids()) {
      assert.equal(statSync(`/proc/${pid}`).uid, uid, role);
      for (const kind of ['user', 'net', 'mnt']) {
        const [its, ours] = [pid, 'self'].map((process) => statSync(`/proc/${process}/ns/${kind}`).ino);
        assert.notEqual(its, ours, `${role} ${kind}`);
      }
    }
  });

  test('does with every packet as predicted', async () => {
    const { code, out, err } = await inLab('reach', '--live');
    assert.equal(code, 0, out + err);
    assert.match(out, /^115 right, 0 wrong, 0 unknown, /m);
  });

  test('tells a denied connection by the data plane’s own evidence', async () => {
    const { code, out } = await inLab(
      'connect',
      'default/Deployment/web',
      'default/database-0:9187',
      '-o',
      'json',
    );
    assert.equal(code, 1);
    assert.equal((JSON.parse(out) as { verdict: string }).verdict, 'denied');
  });

  test("runs programs in a pod's network", async () => {
    const { code, out } = await weft(
      'exec',
      '--name',
      name,
      'default/database-0',
      '--',
      'cat',
      '/etc/resolv.conf',
    );
    assert.equal(code, 0);
    assert.match(out, /nameserver 10\.96\.0\.10/);
  });

  test("opens a Service on the machine's loopback until it is interrupted", async () => {
    const options = { uid, gid: uid, env };
    const opened = spawn(process.execPath, [entry, 'open', 'svc:default/web', '--name', name], options);
    const [line] = (await once(opened.stdout, 'data')) as [Buffer];
    const answer = (await (await fetch(String(line).trim())).json()) as { pod: string };
    assert.match(answer.pod, /^default\/web-/);
    opened.kill('SIGINT');
    assert.deepEqual(await once(opened, 'exit'), [0, null]);
  });

  test('tells in a support bundle what its kernel holds', async () => {
    const file = join(runtime, 'bundle.tar.gz');
    const { code, err } = await inLab('support-bundle', '-o', file);
    assert.equal(code, 0, err);
    const { stdout } = spawnSync('tar', ['-xzOf', file], { encoding: 'utf8', maxBuffer: 1 << 26 });
    assert.match(stdout, /weft-policy/);
    rmSync(file);
  });

  test("is reached from outside by its kubeconfig, on the machine's loopback", async () => {
    const { out } = await inLab('kubeconfig', '--path');
    assert.equal(await statusOf(out.trim(), '/readyz'), 200);
  });

  test('goes on answering on the same port when control and then the holder are killed', async () => {
    for (const role of ['control', 'holder', 'control']) {
      const victim = pids().get(role);
      assert.ok(victim, role);
      process.kill(victim, 'SIGKILL');
      while (pids().get(role) === victim) await delay(5);
      // Who connects now waits and is not refused: the other processes of the lab have the socket too.
      assert.equal(await statusOf(paths.kubeconfig, '/readyz'), 200, role);
      while (pids().size < 4) await delay(20);
    }
    const { code, err } = await inLab('up', '-f', example, '--wait');
    assert.equal(code, 0, err);
    assert.match(err, /8 unchanged/);
  });

  test('leaves nothing when it goes', async () => {
    const { code, err } = await inLab('down');
    assert.equal(code, 0, err);
    assert.deepEqual([...pids()], []);
    assert.deepEqual(readdirSync(join(runtime, 'weft')), []);
  });

  test('may be had here, says weft doctor to that user', async () => {
    const { code, out } = await weft('doctor', '-o', 'json');
    const { findings } = JSON.parse(out) as { findings: { check: string; state: string; found: string }[] };
    assert.deepEqual(
      findings.filter(({ state }) => state === 'missing'),
      [],
    );
    assert.equal(code, 0);
    assert.match(findings.find(({ check }) => check === 'privileges')?.found ?? '', /user namespaces/);
    assert.deepEqual(readdirSync(runtime), ['weft']);
  });

  /** The processes of the lab, by role. */
  function pids(): Map<string, number> {
    const lines = spawnSync('ps', ['-e', '-o', 'pid=,args='], { encoding: 'utf8' }).stdout.split('\n');
    const found = lines.flatMap((line): [string, number][] => {
      const [, pid, role] = /^ *(\d+) .*\/(\w+)\.ts (\S+)$/.exec(line) ?? [];
      return line.endsWith(` ${paths.directory}`) && role !== undefined ? [[role, Number(pid)]] : [];
    });
    return new Map(found);
  }
});

/** Asks the API server from this process, which is in none of the lab's namespaces. */
function statusOf(kubeconfig: string, path: string): Promise<number | undefined> {
  const text = readFileSync(kubeconfig, 'utf8');
  const server = /"?server"?: *"?(https:[^"\s]+)/.exec(text)?.[1] ?? '';
  return new Promise((resolve, reject) => {
    request(`${server}${path}`, { rejectUnauthorized: false, agent: false }, (response) =>
      resolve(response.resume().statusCode),
    )
      .once('error', reject)
      .end();
  });
}
