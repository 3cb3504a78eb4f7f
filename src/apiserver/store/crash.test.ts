import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  rmSync,
  statSync,
  truncateSync,
  openSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { numberAt, type StoredObject } from '../json.ts';
import { randomFrom } from '../testing/random.ts';
import type { Store } from './port.ts';
import { createStore } from './store.ts';

const program = fileURLToPath(new URL('../testing/crash-writer.ts', import.meta.url));

/** The last acknowledged write of each key. */
type Acknowledged = Map<string, { readonly rv: number; readonly value: string }>;

function directoryOf(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'weft-crash-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** Lets a process write, kills it without warning after so many lines, and remembers all that it acknowledged. */
async function writeAndKill(
  path: string,
  { lines, acknowledged }: { lines: number; acknowledged: Acknowledged },
): Promise<void> {
  const child = spawn(process.execPath, [program, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => void child.once('exit', resolve));
  let read = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [rv, key = '', value = ''] = line.split(' ');
    // A line that the kill cut short acknowledges nothing.
    if (!/^\d+ \S+ (\d+|-)$/.test(line)) continue;
    acknowledged.set(key, { rv: Number(rv), value });
    if (++read === lines) child.kill('SIGKILL');
  }
  await ended;
  assert.ok(read >= lines, `it wrote ${read} of ${lines} lines`);
}

const valueOf = (object: StoredObject | undefined): string =>
  object === undefined ? '-' : String(numberAt(object, ['data', 'value']));

function requireAcknowledged(store: Store, acknowledged: Acknowledged, context: string): void {
  for (const [key, { rv, value }] of acknowledged) {
    assert.ok(store.resourceVersion >= rv, `${context}: version ${store.resourceVersion} is before ${rv}`);
    const entry = store.get('configmaps', key);
    // Newer is what was written and not acknowledged before the kill.
    if ((entry?.rv ?? 0) > rv) continue;
    const later = eventsAfter(store, rv).some((event) => event === key);
    assert.ok(later || valueOf(entry?.object) === value, `${context}: ${key} lost ${value} of version ${rv}`);
  }
}

/** Keys of the changes after a version; everything where history does not reach back. */
function eventsAfter(store: Store, rv: number): string[] {
  const keys: string[] = [];
  try {
    store.watch('configmaps', rv, ({ entry }) => keys.push(entry.key))();
  } catch {
    return store.list('configmaps').map(({ key }) => key);
  }
  return keys;
}

test('no acknowledged write is lost by kill -9 at any moment, and versions never go back', async (t) => {
  const path = join(directoryOf(t), 'store.db');
  const seed = Number(process.env['WEFT_SEED'] ?? Date.now() % 1e9);
  t.diagnostic(`WEFT_SEED=${seed}`);
  const random = randomFrom(seed);
  const acknowledged: Acknowledged = new Map();
  let newest = 0;
  for (let round = 0; round < 8; round++) {
    await writeAndKill(path, { lines: 50 + Math.floor(random() * 250), acknowledged });
    const store = createStore({ path, historyLimit: 300 });
    try {
      requireAcknowledged(store, acknowledged, `seed ${seed} round ${round}`);
      assert.ok(store.resourceVersion > newest);
      newest = store.resourceVersion;
    } finally {
      store.close();
    }
  }
});

test('on a full disk writes are refused and leave nothing, and what was acknowledged before is there', async (t) => {
  const path = join(directoryOf(t), 'store.db');
  // No file of the process may grow beyond so many KiB: the kernel refuses the write itself (EFBIG).
  const limited = `ulimit -f 1000; exec "$0" "$@"`;
  const child = spawn('bash', ['-c', limited, process.execPath, program, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const acknowledged: Acknowledged = new Map();
  const refused = new Set<string>();
  for await (const line of createInterface({ input: child.stdout })) {
    const [first, ...rest] = line.split(' ');
    const [rv, key = '', value = ''] = first === '!' ? rest : [first, ...rest];
    if (first === '!') refused.add(`${key} ${value}`);
    // What is small may still find its place.
    else if (/^\d+ \S+ (\d+|-)$/.test(line)) acknowledged.set(key, { rv: Number(rv), value });
    if (refused.size >= 20) child.kill('SIGKILL');
  }
  const store = createStore({ path });
  t.after(() => store.close());
  assert.ok(acknowledged.size > 0);
  requireAcknowledged(store, acknowledged, 'on a full disk');
  for (const { key, object } of store.list('configmaps')) {
    assert.equal(refused.has(`${key} ${valueOf(object)}`), false, `${key} was refused`);
  }
});

test('a journal with a damaged end opens as of an earlier commit, whole', async (t) => {
  const directory = directoryOf(t);
  const path = join(directory, 'store.db');
  const seed = Number(process.env['WEFT_SEED'] ?? Date.now() % 1e9);
  t.diagnostic(`WEFT_SEED=${seed}`);
  const random = randomFrom(seed);
  const store = createStore({ path });
  t.after(() => store.close());
  // The pair of objects is written together: neither may ever be seen without the other.
  const pair = (value: number): void => {
    const changes = ['one', 'other'].map((name) => ({
      resource: 'configmaps',
      key: `default/${name}`,
      object: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace: 'default' },
        data: { value },
      },
    }));
    store.write(changes);
  };
  for (let value = 1; value <= 60; value++) {
    pair(value);
    // Each in a commit of its own.
    await store.settled();
  }
  for (let round = 0; round < 20; round++) {
    const copy = join(directory, `copy-${round}.db`);
    copyFileSync(path, copy);
    copyFileSync(`${path}-wal`, `${copy}-wal`);
    damageEnd(`${copy}-wal`, random);
    const opened = createStore({ path: copy });
    try {
      const [one, other] = ['one', 'other'].map(
        (name) => opened.get('configmaps', `default/${name}`)?.object,
      );
      assert.equal(valueOf(one), valueOf(other), `seed ${seed} round ${round}`);
      requireRefusedIfLost(opened, store);
      const { rv } = opened.put('configmaps', 'default/more', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'more' },
      });
      assert.ok(rv > store.resourceVersion, 'a version was given again');
    } finally {
      opened.close();
    }
  }
});

/** Who heard of the newest version goes on from there if it was found again, and is refused otherwise. */
function requireRefusedIfLost(opened: Store, before: Store): void {
  const key = 'default/other';
  const isFound =
    opened.get('configmaps', key)?.object['data'] !== undefined &&
    valueOf(opened.get('configmaps', key)?.object) === valueOf(before.get('configmaps', key)?.object);
  const follow = (): (() => void) => opened.watch('configmaps', before.resourceVersion, () => {});
  if (isFound) follow()();
  else assert.throws(follow, /too old resource version/);
}

/** Cuts the file somewhere, or writes nonsense over its end, as a disk that lost power may. */
function damageEnd(path: string, random: () => number): void {
  const { size } = statSync(path);
  const at = Math.floor(size * random());
  if (random() < 0.5) return truncateSync(path, at);
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.from(Array.from({ length: 64 }, () => Math.floor(random() * 256))), 0, 64, at);
  closeSync(file);
}
