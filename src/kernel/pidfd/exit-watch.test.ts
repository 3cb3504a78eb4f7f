import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { after, test } from 'node:test';
import { createPoller } from '../poll/poller.ts';
import { createExitWatch } from './exit-watch.ts';

const poller = createPoller();
const watch = createExitWatch(poller);
after(() => poller.close());

const pidfds = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes('pidfd');
    } catch {
      // The listing itself.
      return false;
    }
  }).length;

test('the end of a process is told once, also of one that was killed', async () => {
  const child = spawn('sleep', ['100']);
  let told = 0;
  const ended = new Promise<void>((resolve) => {
    const stop = watch(child.pid ?? 0, () => {
      told += 1;
      resolve();
    });
    assert.ok(stop);
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(told, 0);
  child.kill('SIGKILL');
  await ended;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(told, 1);
  assert.equal(pidfds(), 0);
});

test('a watch that was ended tells nothing and keeps no descriptor', async () => {
  const child = spawn('sleep', ['100']);
  const stop = watch(child.pid ?? 0, () => assert.fail('told'));
  stop?.();
  stop?.();
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(pidfds(), 0);
});

test('there is nothing to watch of a process that is gone', () => {
  const { pid } = spawnSync('true');
  assert.equal(
    watch(pid, () => assert.fail('told')),
    undefined,
  );
});
