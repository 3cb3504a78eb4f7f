import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../lib/fake-clock.ts';
import { createPace } from './pace.ts';

/** Work that takes `tookMs`, and when it began. */
function world(tookMs: number) {
  const clock = createFakeClock();
  const runs: number[] = [];
  const pace = createPace({
    clock,
    work() {
      runs.push(clock.monotonic());
      return new Promise((resolve) => void clock.after(tookMs, resolve));
    },
  });
  return { clock, runs, pace };
}

test('what is asked for at rest is worked on at once, together with the rest of the turn', async () => {
  const { clock, runs, pace } = world(0);
  pace.ask();
  pace.ask();
  assert.equal(pace.isIdle, false);
  await clock.advance(0);
  assert.deepEqual([runs, pace.isIdle], [[0], true]);
});

test('after work there is a rest of four times its length, and what comes meanwhile is worked on together', async () => {
  const { clock, runs, pace } = world(5);
  pace.ask();
  await clock.advance(2);
  pace.ask();
  pace.ask();
  await clock.advance(5);
  pace.ask();
  await clock.advance(100);
  assert.deepEqual([runs, pace.isIdle], [[0, 25], true]);
});

test('no change waits longer than 50 ms for others', async () => {
  const { clock, runs, pace } = world(1000);
  pace.ask();
  await clock.advance(1);
  pace.ask();
  await clock.advance(5000);
  assert.deepEqual(runs, [0, 1050]);
});

test('a pace that is stopped works no more on what waits', async () => {
  const { clock, runs, pace } = world(5);
  pace.ask();
  await clock.advance(6);
  pace.ask();
  pace.stop();
  await clock.advance(1000);
  assert.deepEqual(runs, [0]);
});
