import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import * as fc from 'fast-check';
import { WeftError } from '../../lib/errors.ts';
import type { StoredObject } from '../json.ts';
import { faultyDatabase } from '../testing/faulty-database.ts';
import type { RootStore, Store, StoreEvent } from './port.ts';
import { createStore, createStoreOver } from './store.ts';

const map = (name: string, value: number, uid = name): StoredObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, uid, namespace: 'default' },
  data: { value },
});

const put = (store: Store, object: StoredObject): void =>
  void store.put('configmaps', `default/${object.metadata.name}`, object);

/** Objects without their versions. */
const contents = (store: Store): unknown[] =>
  store.list('configmaps').map(({ object }) => [object.metadata.name, object.metadata.uid, object['data']]);

const isCompacted = (thrown: unknown): boolean =>
  thrown instanceof WeftError && thrown.code === 'store-compacted';

function fileIn(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'weft-restore-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'store.db');
}

test('a snapshot is what was there when it was taken', () => {
  const store = createStore({ path: ':memory:' });
  put(store, map('a', 1));
  const { resourceVersion, rows } = store.snapshot();
  put(store, map('a', 2));
  store.remove('configmaps', 'default/a');
  assert.equal(resourceVersion, 2);
  assert.deepEqual(
    rows.map(({ resource, key, rv }) => [resource, key, rv]),
    [['configmaps', 'default/a', 2]],
  );
  assert.match(rows[0]?.text ?? '', /"value":1/);
});

test('what was changed, made and removed since is as it was, and versions go on', () => {
  const store = createStore({ path: ':memory:' });
  for (const name of ['kept', 'changed', 'removed', 'made-anew']) put(store, map(name, 1));
  const before = contents(store);
  const snapshot = store.snapshot();
  put(store, map('changed', 2));
  put(store, map('new', 1));
  store.remove('configmaps', 'default/removed');
  store.remove('configmaps', 'default/made-anew');
  put(store, map('made-anew', 1, 'another'));
  const events: StoreEvent[] = [];
  const { resourceVersion: newest } = store;
  store.watch('configmaps', newest, (event) => events.push(event));
  const restored = store.restore(snapshot);
  assert.deepEqual(contents(store), before);
  assert.deepEqual(restored, { added: 1, changed: 2, removed: 1, resourceVersion: newest + 5 });
  assert.deepEqual(
    events.map(({ type, entry, rv }) => [type, entry.key.slice(8), entry.object.metadata.uid, rv - newest]),
    [
      ['DELETED', 'new', 'new', 1],
      ['DELETED', 'made-anew', 'another', 2],
      ['ADDED', 'removed', 'removed', 3],
      ['ADDED', 'made-anew', 'made-anew', 4],
      ['MODIFIED', 'changed', 'changed', 5],
    ],
  );
  assert.equal(store.get('configmaps', 'default/kept')?.rv, 2, 'what nobody changed keeps its version');
});

test('owners go before what they own, and come after it', () => {
  const store = createStore({ path: ':memory:' });
  const owned = (name: string, owner: string): StoredObject => {
    const object = map(name, 1);
    const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: owner, uid: owner };
    return { ...object, metadata: { ...object.metadata, ownerReferences: [reference] } };
  };
  const chain = [owned('a', 'c'), owned('b', 'a'), map('c', 1), owned('x', 'y'), owned('y', 'x')];
  const empty = store.snapshot();
  for (const object of chain) put(store, object);
  const full = store.snapshot();
  const order: string[] = [];
  store.watch('configmaps', store.resourceVersion, ({ entry }) => {
    if (/[abc]$/.test(entry.key)) order.push(entry.key.slice(-1));
  });
  store.restore(empty);
  assert.deepEqual(order.splice(0), ['c', 'a', 'b']);
  store.restore(full);
  assert.deepEqual(order, ['b', 'a', 'c']);
});

test('a snapshot of what is there changes nothing, and of a restored state neither', () => {
  const store = createStore({ path: ':memory:' });
  put(store, map('a', 1));
  const snapshot = store.snapshot();
  assert.deepEqual(store.restore(snapshot), { added: 0, changed: 0, removed: 0, resourceVersion: 2 });
  put(store, map('a', 2));
  assert.equal(store.restore(snapshot).resourceVersion, 4);
  assert.equal(store.restore(snapshot).resourceVersion, 4);
});

test('the versions of a newer history are passed over: nobody watches from within them', async (t) => {
  const path = fileIn(t);
  const other = createStore({ path: ':memory:' });
  for (let value = 0; value < 50; value++) put(other, map('a', value));
  const snapshot = other.snapshot();
  const store = createStore({ path });
  put(store, map('b', 1));
  const heard: number[] = [];
  store.watch('configmaps', store.resourceVersion, ({ rv }) => heard.push(rv));
  const { resourceVersion } = store.restore(snapshot);
  await store.settled();
  assert.equal(resourceVersion, snapshot.resourceVersion + 2);
  assert.deepEqual(heard, [resourceVersion - 1, resourceVersion]);
  const check = (one: RootStore): void => {
    assert.equal(one.resourceVersion, resourceVersion);
    for (const rv of [1, 2, 30, snapshot.resourceVersion - 1])
      assert.throws(() => one.watch('configmaps', rv, () => {}), isCompacted, `${rv}`);
    const events: StoreEvent[] = [];
    one.watch('configmaps', snapshot.resourceVersion, (event) => events.push(event));
    assert.deepEqual(
      events.map(({ type, entry }) => `${type} ${entry.key}`),
      ['DELETED default/b', 'ADDED default/a'],
    );
    assert.deepEqual(contents(one), contents(other));
  };
  check(store);
  store.close();
  const again = createStore({ path });
  check(again);
  again.close();
});

test('a restore that the disk refuses leaves what was there, also of a newer history', async (t) => {
  const path = fileIn(t);
  const database = faultyDatabase(path);
  const store = createStoreOver(database);
  put(store, map('a', 1));
  await store.settled();
  const before = contents(store);
  const other = createStore({ path: ':memory:' });
  for (let value = 0; value < 50; value++) put(other, map('b', value));
  const held = new Set(['default/a']);
  store.watch('configmaps', store.resourceVersion, ({ type, entry }) =>
    type === 'DELETED' ? held.delete(entry.key) : held.add(entry.key),
  );
  database.fail();
  store.restore(other.snapshot());
  await assert.rejects(Promise.resolve(store.settled()), { code: 'store-failed' });
  assert.deepEqual(contents(store), before);
  assert.deepEqual([...held], ['default/a'], 'a watcher hears of it being undone');
  database.heal();
  put(store, map('a', 2));
  await store.settled();
  store.close();
  const again = createStore({ path });
  assert.deepEqual(contents(again), [['a', 'a', { value: 2 }]]);
  again.close();
});

test('whatever was written since, everything is as it was, and a watcher that goes by events knows it', () => {
  const change = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    value: fc.nat(2),
    uid: fc.constantFrom('one', 'two'),
    gone: fc.boolean(),
  });
  const changes = fc.array(change, { maxLength: 12 });
  const run = (
    store: Store,
    { name, value, uid, gone }: { name: string; value: number; uid: string; gone: boolean },
  ) => {
    if (gone) store.remove('configmaps', `default/${name}`);
    else put(store, map(name, value, uid));
  };
  fc.assert(
    fc.property(changes, changes, (first, then) => {
      const store = createStore({ path: ':memory:' });
      for (const one of first) run(store, one);
      const before = contents(store);
      const snapshot = store.snapshot();
      const held = new Map(store.list('configmaps').map(({ key, object }) => [key, object]));
      store.watch('configmaps', store.resourceVersion, ({ type, entry, previous }) => {
        assert.equal(type === 'ADDED', !held.has(entry.key));
        assert.equal(previous?.object.metadata.uid, held.get(entry.key)?.metadata.uid);
        if (type === 'DELETED') held.delete(entry.key);
        else held.set(entry.key, entry.object);
      });
      for (const one of then) run(store, one);
      const { resourceVersion } = store;
      store.restore(snapshot);
      assert.deepEqual(contents(store), before);
      assert.deepEqual(new Set(held.values()), new Set(store.list('configmaps').map(({ object }) => object)));
      assert.ok(store.resourceVersion >= resourceVersion);
      store.close();
    }),
    { seed: 20261121, numRuns: 200 },
  );
});
