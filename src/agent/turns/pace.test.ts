import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../lib/fake-clock.ts';
import { createPace } from './pace.ts';

/** Work of which each takes so many milliseconds, in turn and the last of them for ever, and when it began. */
function world(...tookMs: readonly number[]) {
  const clock = createFakeClock();
  const runs: number[] = [];
  const pace = createPace({
    clock,
    work() {
      const took = tookMs[Math.min(runs.length, tookMs.length - 1)] ?? 0;
      runs.push(clock.monotonic());
      return new Promise((resolve) => void clock.after(took, resolve));
    },
  });
  return { clock, runs, pace };
}

/** Works twice, so that it is known how long it takes, and forgets when; the clock stands at 50. */
async function known(tookMs: number) {
  const it = world(tookMs);
  for (let work = 0; work < 2; work++) {
    it.pace.ask();
    await it.clock.advance(tookMs);
  }
  it.runs.length = 0;
  await it.clock.advance(50 - 2 * tookMs);
  return it;
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
  const { clock, runs, pace } = await known(8);
  pace.ask();
  await clock.advance(2);
  pace.ask();
  pace.ask();
  await clock.advance(8);
  pace.ask();
  await clock.advance(200);
  assert.deepEqual([runs, pace.isIdle], [[50, 90], true]);
});

test('one long work among short ones does not rest', async () => {
  const { clock, runs, pace } = world(0, 50, 0, 0);
  for (let change = 0; change < 4; change++) {
    pace.ask();
    await clock.advance(50);
  }
  assert.deepEqual(runs, [0, 50, 100, 150]);
});

test('one short work among long ones is no reason not to rest', async () => {
  const { clock, runs, pace } = world(8, 8, 1, 8);
  for (const pauseMs of [8, 8, 44, 100]) {
    pace.ask();
    await clock.advance(pauseMs);
  }
  assert.deepEqual(runs, [0, 8, 48, 81]);
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
  const { clock, runs, pace } = world(500);
  for (let work = 0; work < 3; work++) {
    pace.ask();
    await clock.advance(500);
  }
  pace.ask();
  await clock.advance(5000);
  assert.deepEqual(runs, [0, 500, 1250, 2000]);
});

test('a pace that is stopped works no more on what waits', async () => {
  const { clock, runs, pace } = await known(5);
  pace.ask();
  await clock.advance(6);
  pace.ask();
  pace.stop();
  await clock.advance(1000);
  assert.deepEqual(runs, [50]);
});

test('how long it took is forgotten after a pause', async () => {
  const { clock, runs, pace } = await known(8);
  await clock.advance(900);
  pace.ask();
  await clock.advance(8);
  pace.ask();
  await clock.advance(200);
  assert.deepEqual(runs, [950, 958]);
});
