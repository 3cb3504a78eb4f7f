import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { goBack, isLost } from './lost-versions.ts';
import type { RootStore } from './port.ts';
import { createStore } from './store.ts';

const gaps = [
  { after: 10, before: 100 },
  { after: 103, before: 200 },
];

test('versions are counted back over those that are lost', () => {
  const given = [...Array(11).keys(), 100, 101, 102, 103, 200, 201];
  for (const [index, version] of given.entries()) {
    const back = Array.from({ length: index + 1 }, (_, count) => goBack(gaps, version, count));
    assert.deepEqual(back, given.slice(0, index + 1).toReversed());
  }
});

test('what lies between what was found and what was gone on with is lost, and nothing else', () => {
  const lost = Array.from({ length: 210 }, (_, version) => version).filter((one) => isLost(gaps, one));
  assert.deepEqual([lost[0], lost.length, lost.at(-1)], [11, 89 + 96, 199]);
  assert.equal(isLost(gaps, 150), true);
  assert.equal(isLost(gaps, 102), false);
});

function put(store: RootStore, name: string): number {
  const metadata = { name, namespace: 'default' };
  return store.put('configmaps', `default/${name}`, { apiVersion: 'v1', kind: 'ConfigMap', metadata }).rv;
}

/** The store as a process leaves it that is killed now. */
async function killed(t: TestContext, store: RootStore, path: string): Promise<string> {
  await store.settled();
  const copy = join(mkdtempSync(join(tmpdir(), 'weft-lost-')), 'store.db');
  t.after(() => rmSync(join(copy, '..'), { recursive: true }));
  for (const suffix of ['', '-wal']) copyFileSync(`${path}${suffix}`, `${copy}${suffix}`);
  return copy;
}

function storeIn(t: TestContext, path: string): RootStore {
  const store = createStore({ path, historyLimit: 1000 });
  t.after(() => store.close());
  return store;
}

/** Names of what a watch hears at once. */
function heardFrom(store: RootStore, version: number): string[] {
  const names: string[] = [];
  store.watch('configmaps', version, ({ entry }) => names.push(entry.key.slice('default/'.length)))();
  return names;
}

test('behind a kill watches go on from what they have heard, also when much was written since, and over a second kill', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'weft-lost-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'store.db');
  const first = storeIn(t, path);
  put(first, 'a');
  const heard = put(first, 'b');
  put(first, 'c');

  const secondPath = await killed(t, first, path);
  const second = storeIn(t, secondPath);
  assert.deepEqual(heardFrom(second, heard), ['c']);
  const last = first.resourceVersion;
  assert.throws(() => heardFrom(second, last + 1), /too old resource version/);
  // More than one stride of what is forgotten at a time.
  for (let i = 0; i < 600; i++) put(second, 'd');
  await second.settled();
  put(second, 'd');
  await second.settled();
  assert.equal(heardFrom(second, heard).length, 602);

  const third = storeIn(t, await killed(t, second, secondPath));
  assert.equal(heardFrom(third, heard).length, 602);
  for (const version of [last + 1, second.resourceVersion + 1]) {
    assert.throws(() => heardFrom(third, version), /too old resource version/);
  }
  assert.ok(put(third, 'e') > second.resourceVersion + 1);
});

test('a store that was closed goes on with the next version', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'weft-lost-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'store.db');
  const first = createStore({ path });
  const version = put(first, 'a');
  first.close();
  const second = storeIn(t, path);
  assert.equal(put(second, 'b'), version + 1);
});
