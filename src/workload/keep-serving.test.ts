import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { WeftError } from '../lib/errors.ts';
import { silentLog } from '../lib/log.ts';
import { keepServing, type KeptServing } from './keep-serving.ts';
import type { PodServing } from './port.ts';

const root = mkdtempSync(join(tmpdir(), 'weft-serving-'));
after(() => rmSync(root, { recursive: true }));
const directory = join(root, 'holder');
beforeEach(() => rmSync(directory, { recursive: true, force: true }));

function pod(uid: string): PodServing {
  const listeners = [{ protocol: 'TCP', port: 80 }] as const;
  return { uid, pod: `default/${uid}`, node: 'node-1', netns: `pod-${uid}`, listeners };
}

/** A process that serves whatever has a namespace, until it is gone. */
async function started(missing: ReadonlySet<string> = new Set()): Promise<KeptServing> {
  const served = new Map<string, PodServing>();
  const kept = keepServing(
    {
      async serve(serving) {
        if (missing.has(serving.netns)) throw new WeftError('netns-missing', 'gone');
        served.set(serving.uid, serving);
        return [...serving.listeners];
      },
      async unserve(uid) {
        served.delete(uid);
      },
      list: () => [...served.values()],
    },
    { directory, log: silentLog },
  );
  await kept.restore();
  return kept;
}

const uidsOf = (pods: KeptServing): string[] =>
  pods
    .list()
    .map(({ uid }) => uid)
    .toSorted();

test('the next process serves what the one before did, and not what it was told to let go', async () => {
  const first = await started();
  for (const uid of ['a', 'b', '../c']) await first.serve(pod(uid));
  await first.unserve('b');
  const second = await started();
  assert.deepEqual(second.list().toSorted(byUid), [pod('../c'), pod('a')]);
});

test('a pod whose namespace is gone is forgotten', async () => {
  const first = await started();
  await first.serve(pod('a'));
  assert.deepEqual(uidsOf(await started(new Set(['pod-a']))), []);
  assert.deepEqual(readdirSync(directory), []);
});

test('a file that was cut short keeps nobody from being served', async () => {
  const first = await started();
  await first.serve(pod('a'));
  writeFileSync(join(directory, 'x.json'), '{"uid":');
  writeFileSync(join(directory, 'y.json.new'), '');
  assert.deepEqual(uidsOf(await started()), ['a']);
});

function byUid(a: PodServing, b: PodServing): number {
  return a.uid < b.uid ? -1 : 1;
}
