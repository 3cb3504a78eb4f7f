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

test('what comes while long work rests is worked on together', async () => {
  const { clock, runs, pace } = world(8);
  pace.ask();
  await clock.advance(2);
  pace.ask();
  pace.ask();
  await clock.advance(8);
  pace.ask();
  await clock.advance(200);
  assert.deepEqual([runs, pace.isIdle], [[0, 40], true]);
});

test('short work hardly rests', async () => {
  const { clock, runs, pace } = world(1);
  for (let change = 0; change < 5; change++) {
    pace.ask();
    await clock.advance(1);
  }
  assert.deepEqual(runs, [0, 1, 2, 3, 4]);
});

test('no change waits longer than 250 ms for others', async () => {
  const { clock, runs, pace } = world(1000);
  pace.ask();
  await clock.advance(1);
  pace.ask();
  await clock.advance(5000);
  assert.deepEqual(runs, [0, 1250]);
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
