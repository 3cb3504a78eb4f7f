import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { lossyDisk, type LossyDisk } from '../testing/lossy-disk.ts';
import { randomFrom } from '../testing/random.ts';
import { openDatabase } from './database.ts';
import type { Entry, RootStore } from './port.ts';
import { createStoreOver } from './store.ts';

function directoryOf(t: TestContext): string {
  // In memory where there is a place for it: the disk of these files is not a real one anyway.
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const directory = mkdtempSync(join(parent, 'weft-power-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** All objects, which name their versions. */
const contents = (store: RootStore): string =>
  store
    .list('configmaps')
    .map(({ text }) => text)
    .join('\n');

/** What was ever there by its version, up to where somebody was answered, and up to where a watcher heard of it. */
interface Past {
  readonly states: Map<number, string>;
  acknowledged: number;
  heard: number;
}

/** The store as it is found, and the version that it is of. */
function find(path: string): { store: RootStore; version: number } {
  const database = openDatabase({ path });
  const version = database.lost().at(-1)?.after ?? database.span()?.last ?? 1;
  return { store: createStoreOver(database), version };
}

/** Returns whether something was lost that a watcher had heard of. */
function requireNothingLost(path: string, { states, acknowledged, heard }: Past, context: string): boolean {
  const { store, version } = find(path);
  try {
    assert.ok(version >= acknowledged, `${context}: version ${version} is before ${acknowledged}`);
    assert.ok(contents(store) === states.get(version), `${context}: not what version ${version} was`);
    const goOn = (): (() => void) => store.watch('configmaps', heard, () => {});
    if (version >= heard) goOn()();
    else assert.throws(goOn, /too old/, `${context}: a watch goes on from ${heard}, ${version} was found`);
    const { rv } = put(store, 'later', 'x');
    assert.ok(rv > heard, `${context}: version ${rv} was told before, up to ${heard}`);
    return version < heard;
  } finally {
    store.close();
  }
}

function put(store: RootStore, name: string, padding: string): Entry {
  const metadata = { name, namespace: 'default' };
  return store.put('configmaps', `default/${name}`, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata,
    data: { padding },
  });
}

/** Writes a little, of a few keys or many, and remembers what is there then. */
function write(store: RootStore, past: Past, random: () => number): void {
  for (let i = Math.ceil(random() * 4); i > 0; i--) {
    const name = `map-${Math.floor(random() * 30)}`;
    const key = `default/${name}`;
    if (random() < 0.2) store.remove('configmaps', key);
    else put(store, name, 'x'.repeat(Math.floor(random() * 6000)));
    past.states.set(store.resourceVersion, contents(store));
  }
  const version = store.resourceVersion;
  void store.settled()?.then(() => (past.acknowledged = Math.max(past.acknowledged, version)));
  void store.committed()?.then(() => (past.heard = Math.max(past.heard, version)));
}

test('whenever the power goes, the store is as it was at one version, no answered write is lost, and what was heard of is found or refused', async (t) => {
  const directory = directoryOf(t);
  const seed = Number(process.env['WEFT_SEED'] ?? 20_261_122);
  t.diagnostic(`WEFT_SEED=${seed}`);
  const random = randomFrom(seed);
  const path = join(directory, 'store.db');
  let [cuts, losses] = [0, 0];
  let disk: LossyDisk | undefined;
  // The log is moved into the database after every few commits.
  const database = openDatabase({
    path,
    longLogBytes: 20_000,
    syncFile: (fd) => disk?.syncFile(fd) ?? Promise.reject(new Error('too early')),
  });
  const store = createStoreOver(database, { historyLimit: 40, quietMs: 1 });
  const past: Past = { states: new Map([[store.resourceVersion, '']]), acknowledged: 0, heard: 0 };
  const maybeCut = (): void => {
    if (random() > 0.3 || disk === undefined) return;
    const target = join(directory, `cut-${++cuts}.db`);
    disk.cutPower(target, random);
    if (requireNothingLost(target, past, `seed ${seed} cut ${cuts}`)) losses += 1;
  };
  disk = lossyDisk(path, maybeCut);
  for (let round = 0; round < 200; round++) {
    write(store, past, random);
    if (random() < 0.5) await store.settled();
    else await new Promise((resolve) => void setImmediate(resolve));
    maybeCut();
  }
  store.close();
  disk.close();
  requireNothingLost(path, { ...past, acknowledged: store.resourceVersion }, 'after the end');
  assert.ok(cuts > 50, `only ${cuts} cuts`);
  assert.ok(losses > 5, `only ${losses} cuts took back what was heard of`);
});
