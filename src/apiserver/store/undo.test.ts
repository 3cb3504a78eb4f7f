import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import * as fc from 'fast-check';
import { WeftError } from '../../lib/errors.ts';
import type { StoredObject } from '../json.ts';
import { faultyDatabase, type FaultyDatabase } from '../testing/faulty-database.ts';
import type { Store, StoreEvent } from './port.ts';
import { createStore, createStoreOver } from './store.ts';

const map = (name: string, value: number): StoredObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data: { value },
});

const put = (store: Store, name: string, value: number): void =>
  void store.put('configmaps', `default/${name}`, map(name, value));

const isStoreFailed = (thrown: unknown): boolean =>
  thrown instanceof WeftError && thrown.code === 'store-failed';

/** All objects as texts, which name their versions. */
const contents = (store: Store): string[] => store.list('configmaps').map(({ text }) => text);

/** Follows a store as a cache does: from its events alone. */
function mirror(store: Store): ReadonlyMap<string, string> {
  const held = new Map(store.list('configmaps').map(({ key, text }) => [key, text]));
  store.watch('configmaps', store.resourceVersion, ({ type, entry }) => {
    if (type === 'DELETED') held.delete(entry.key);
    else held.set(entry.key, entry.text);
  });
  return held;
}

interface World {
  readonly path: string;
  readonly database: FaultyDatabase;
  readonly store: Store;
}

function worldIn(t: TestContext): World {
  const directory = mkdtempSync(join(tmpdir(), 'weft-undo-'));
  const path = join(directory, 'store.db');
  const database = faultyDatabase(path);
  const store = createStoreOver(database);
  t.after(() => {
    store.close();
    rmSync(directory, { recursive: true });
  });
  return { path, database, store };
}

test('writes that could not be made durable are undone, all of their turn, and the store goes on', async (t) => {
  const { store, database } = worldIn(t);
  put(store, 'kept', 1);
  put(store, 'changed', 1);
  await store.settled();
  const [before, version] = [contents(store), store.resourceVersion];
  const held = mirror(store);
  let cut = 0;
  const told: StoreEvent[] = [];
  store.watch(
    'configmaps',
    version,
    (event) => told.push(event),
    () => (cut += 1),
  );

  database.fail();
  put(store, 'changed', 2);
  put(store, 'new', 1);
  store.remove('configmaps', 'default/kept');
  put(store, 'kept', 2);
  await assert.rejects(async () => store.settled(), isStoreFailed);
  database.heal();
  assert.deepEqual(contents(store), before);
  assert.equal(store.resourceVersion, version);
  assert.deepEqual([...held.values()].sort(), before.toSorted(), 'the inverse changes were told');
  assert.equal(cut, 1, 'who asked to be told of the loss alone is told once');
  assert.equal(told.length, 4, 'and of no inverse change');
  assert.throws(() => store.watch('configmaps', version + 1, () => {}), 'no history of it is left');

  put(store, 'new', 3);
  await store.settled();
  assert.equal(store.resourceVersion, version + 1);
});

const step = fc.record({
  fails: fc.boolean(),
  changes: fc.array(fc.record({ name: fc.constantFrom('a', 'b', 'c'), removes: fc.boolean() }), {
    minLength: 1,
    maxLength: 5,
  }),
});

test('whichever commits fail: what was acknowledged is durable, what was refused is nowhere', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'weft-undo-'));
  t.after(() => rmSync(directory, { recursive: true }));
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const path = join(directory, `${run++}.db`);
      const database = faultyDatabase(path);
      const store = createStoreOver(database, { historyLimit: 16 });
      const held = mirror(store);
      let acknowledged = { contents: contents(store), version: store.resourceVersion };
      for (const [value, { fails, changes }] of steps.entries()) {
        if (fails) database.fail();
        for (const { name, removes } of changes) {
          if (removes) store.remove('configmaps', `default/${name}`);
          else put(store, name, value);
        }
        const outcome = await Promise.resolve(store.settled()).then(
          () => 'durable',
          () => 'undone',
        );
        database.heal();
        if (outcome === 'durable') {
          acknowledged = { contents: contents(store), version: store.resourceVersion };
        }
        assert.deepEqual(contents(store), acknowledged.contents);
        assert.equal(store.resourceVersion, acknowledged.version);
        assert.deepEqual([...held.values()].sort(), acknowledged.contents.toSorted());
      }
      store.close();
      const reopened = createStore({ path });
      assert.deepEqual(contents(reopened), acknowledged.contents);
      // Where nothing was ever written nothing is known of versions.
      assert.equal(reopened.resourceVersion, acknowledged.version);
      reopened.close();
    }),
    { numRuns: 60, seed: 20_261_121 },
  );
});
