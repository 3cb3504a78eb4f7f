import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test, { type TestContext } from 'node:test';
import { WeftError } from '../../lib/errors.ts';
import type { StoredObject } from '../json.ts';
import type { Store, StoreEvent } from './port.ts';
import { createStore } from './store.ts';

const pod = (name: string, fields: object = {}): StoredObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  ...fields,
});

const put = (store: Store, name: string): number => store.put('pods', `default/${name}`, pod(name)).rv;

function fileIn(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'weft-store-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'store.db');
}

const hasCode = (code: string) => (thrown: unknown) => thrown instanceof WeftError && thrown.code === code;

function collect(store: Store, fromRv: number): StoreEvent[] {
  const events: StoreEvent[] = [];
  store.watch('pods', fromRv, (event) => events.push(event));
  return events;
}

test('every write gets the next resourceVersion, also across resources and for deletions', () => {
  const store = createStore({ path: ':memory:' });
  const first = put(store, 'a');
  const second = store.put('services', 'default/a', pod('a')).rv;
  const third = store.remove('pods', 'default/a')?.rv;
  assert.deepEqual([second, third], [first + 1, first + 2]);
  assert.equal(store.resourceVersion, third);
});

test('lists are in the order of keys, and a namespace is a prefix up to the slash', () => {
  const store = createStore({ path: ':memory:' });
  for (const key of ['b/x', 'a/z', 'a-b/x', 'a/a', 'ab/x', 'a0/x']) store.put('pods', key, pod(key));
  const keys = (namespace?: string): string[] => store.list('pods', namespace).map((entry) => entry.key);
  assert.deepEqual(keys(), ['a-b/x', 'a/a', 'a/z', 'a0/x', 'ab/x', 'b/x']);
  assert.deepEqual(keys('a'), ['a/a', 'a/z']);
  assert.deepEqual(keys('absent'), []);
});

test('a watch replays what happened after its version, then reports each change before the write returns', () => {
  const store = createStore({ path: ':memory:' });
  const from = put(store, 'a');
  put(store, 'b');
  store.remove('pods', 'default/a');
  const events = collect(store, from);
  put(store, 'b');
  assert.deepEqual(
    events.map((event) => [event.type, event.entry.key, event.rv - from]),
    [
      ['ADDED', 'default/b', 1],
      ['DELETED', 'default/a', 2],
      ['MODIFIED', 'default/b', 3],
    ],
  );
  assert.equal(events[1]?.entry.object.metadata.resourceVersion, String(from + 2));
});

test('history is bounded: a watch from before it, or from the future, is refused', async () => {
  const store = createStore({ path: ':memory:', historyLimit: 10 });
  const from = put(store, 'a');
  for (let i = 0; i < 300; i++) put(store, 'a');
  await store.settled();
  assert.throws(() => store.watch('pods', from, () => {}), hasCode('store-compacted'));
  assert.throws(() => store.watch('pods', store.resourceVersion + 1, () => {}), hasCode('store-compacted'));
  assert.equal(collect(store, store.resourceVersion - 5).length, 5);
});

test('a reopened store has its objects, its version and its history', (t) => {
  const path = fileIn(t);
  const before = createStore({ path });
  const from = put(before, 'a');
  put(before, 'b');
  before.remove('pods', 'default/a');
  const version = before.resourceVersion;
  before.close();

  const after = createStore({ path });
  t.after(() => after.close());
  assert.equal(after.resourceVersion, version);
  assert.deepEqual(
    after.list('pods').map((entry) => entry.key),
    ['default/b'],
  );
  const events = collect(after, from);
  assert.equal(put(after, 'c'), version + 1);
  assert.deepEqual(
    events.map((event) => `${event.type} ${event.entry.key}`),
    ['ADDED default/b', 'DELETED default/a', 'ADDED default/c'],
  );
});

test('history that is read back says the same as it did: what each event found, and what it left', (t) => {
  const path = fileIn(t);
  const before = createStore({ path });
  const from = before.resourceVersion;
  for (let i = 0; i < 60; i++) {
    const key = `default/${'abc'[i % 3]}`;
    if (i % 7 === 6) before.remove('pods', key);
    else before.put('pods', key, pod(key, { spec: { i } }));
    before.put('services', key, pod(key, { spec: { i } }));
  }
  const facts = (events: readonly StoreEvent[]): unknown =>
    events.map(({ type, rv, entry, previous }) => [type, rv, entry.text, previous?.rv, previous?.text]);
  const told = facts(collect(before, from));
  before.close();

  const after = createStore({ path });
  t.after(() => after.close());
  // What happens before anybody asks changes nothing of what was.
  after.put('pods', 'default/a', pod('a'));
  after.remove('pods', 'default/b');
  const events = collect(after, from);
  assert.deepEqual(facts(events.slice(0, -2)), told);
  assert.deepEqual(facts(collect(after, from)), facts(events), 'also to the next one');
});

test('a file of the first format keeps its objects and its version, and forgets its history', (t) => {
  const path = fileIn(t);
  const old = new DatabaseSync(path);
  old.exec(`
    CREATE TABLE objects (resource TEXT, key TEXT, rv INTEGER, json TEXT, PRIMARY KEY (resource, key));
    CREATE TABLE events (rv INTEGER PRIMARY KEY, resource TEXT, key TEXT, type TEXT, json TEXT);
    INSERT INTO objects VALUES ('pods', 'default/a', 7, '{"metadata":{"name":"a"}}');
    INSERT INTO events VALUES (7, 'pods', 'default/a', 'ADDED', '{}'), (8, 'pods', 'default/b', 'DELETED', '{}');
    PRAGMA user_version = 1;
  `);
  old.close();
  for (let i = 0; i < 2; i++) {
    const store = createStore({ path });
    assert.equal(store.get('pods', 'default/a')?.object.metadata.name, 'a');
    assert.equal(store.resourceVersion, 9);
    assert.deepEqual(collect(store, 8), []);
    assert.throws(() => store.watch('pods', 7, () => {}), hasCode('store-compacted'));
    store.close();
  }
});

test('a file of a format that is yet to come is left alone', (t) => {
  const path = fileIn(t);
  const newer = new DatabaseSync(path);
  newer.exec('PRAGMA user_version = 1000');
  newer.close();
  assert.throws(() => createStore({ path }), hasCode('store-unusable'));
});

test('the file is for its owner only, and for one process at a time', (t) => {
  const path = fileIn(t);
  const store = createStore({ path });
  t.after(() => store.close());
  put(store, 'a');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.throws(() => createStore({ path }), hasCode('store-unusable'));
});

test('a list that was handed out does not change under its reader', () => {
  const store = createStore({ path: ':memory:' });
  put(store, 'a');
  const list = store.list('pods');
  put(store, 'b');
  assert.equal(list.length, 1);
});
