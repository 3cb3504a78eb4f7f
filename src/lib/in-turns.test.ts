import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from './fake-clock.ts';
import { inTurns } from './in-turns.ts';

/** Steps that take 4 ms each, and how many were done by the end of each turn of the event loop. */
function world(count: number) {
  let now = 0;
  const clock = { ...createFakeClock(), monotonic: () => now };
  const done: number[] = [];
  function* steps(): Generator<void> {
    for (let step = 1; step <= count; step++) {
      now += 4;
      done.push(step);
      yield;
    }
  }
  return { clock, done, steps };
}

test('a turn of the event loop has as many steps as fit, and others come between', async () => {
  const { clock, done, steps } = world(7);
  const perTurn: number[] = [];
  const end = inTurns(steps(), clock);
  for (let turn = 0; turn < 3; turn++) {
    perTurn.push(done.length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await end;
  assert.deepEqual([done.length, perTurn], [7, [3, 6, 7]]);
});

test('steps that fit one turn are done at once', () => {
  const { clock, done, steps } = world(2);
  void inTurns(steps(), clock);
  assert.equal(done.length, 2);
});

test('what a step throws is the end of it', async () => {
  const { clock } = world(0);
  function* failing(): Generator<void> {
    yield;
    throw new Error('refused');
  }
  await assert.rejects(inTurns(failing(), clock), { message: 'refused' });
});
