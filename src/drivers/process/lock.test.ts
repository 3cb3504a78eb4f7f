import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { tryLock } from '../../kernel/flock/flock.ts';
import { systemClock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { acquireLock } from './lock.ts';

const directory = mkdtempSync(join(tmpdir(), 'weft-lock-'));
after(() => rmSync(directory, { recursive: true }));
const options = { clock: systemClock, tryLock };

const failsWith =
  (code: string) =>
  (thrown: unknown): boolean =>
    thrown instanceof WeftError && thrown.code === code;

test('a lock is had by one at a time, and the other is told by whom', async () => {
  const path = join(directory, 'one');
  const lock = await acquireLock(path, options);
  await assert.rejects(acquireLock(path, options), (thrown) => {
    assert.ok(failsWith('lock-held')(thrown));
    assert.match(String(thrown), new RegExp(`process ${process.pid} holds`));
    return true;
  });
  lock.release();
  lock.release();
  (await acquireLock(path, options)).release();
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('who waits gets the lock when it is released', async () => {
  const path = join(directory, 'two');
  const first = await acquireLock(path, options);
  const order: string[] = [];
  const second = acquireLock(path, { ...options, wait: true }).then((lock) => {
    order.push('second');
    return lock;
  });
  await new Promise((resolve) => setTimeout(resolve, 120));
  order.push('released');
  first.release();
  (await second).release();
  assert.deepEqual(order, ['released', 'second']);
});

test('waiting can be given up', async () => {
  const path = join(directory, 'three');
  const lock = await acquireLock(path, options);
  const waiting = acquireLock(path, { ...options, wait: true, signal: AbortSignal.timeout(80) });
  await assert.rejects(waiting, failsWith('lock-held'));
  lock.release();
});

test('a lock whose file is removed is taken anew by whoever waited for it', async () => {
  const path = join(directory, 'removed');
  const first = await acquireLock(path, options);
  const waiting = acquireLock(path, { ...options, wait: true });
  first.remove();
  const second = await waiting;
  assert.equal(readFileSync(path, 'utf8').trim(), String(process.pid));
  await assert.rejects(acquireLock(path, options), failsWith('lock-held'));
  second.remove();
  assert.equal(existsSync(path), false);
});
