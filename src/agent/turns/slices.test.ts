import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../lib/fake-clock.ts';
import { createSlices, type Slices } from './slices.ts';

/** Steps that take `stepMs` each, of which `left` are to be done. */
function world(stepMs: number) {
  let now = 0;
  const state = { left: 0, turns: [] as (() => void)[], ended: [] as boolean[] };
  const slices: Slices = createSlices({
    clock: { ...createFakeClock(), monotonic: () => now },
    step() {
      if (state.left === 0) return false;
      state.left -= 1;
      now += stepMs;
      return true;
    },
    onIdle: () => state.ended.push(slices.isIdle),
    nextTurn: (callback) => state.turns.push(callback),
  });
  return { state, slices };
}

test('what fits into one slice is done when the call returns', () => {
  const { state, slices } = world(2);
  state.left = 3;
  assert.equal(slices.run(), undefined);
  assert.deepEqual([state.left, slices.isIdle, state.turns.length], [0, true, 0]);
});

test('more takes a turn for every eight milliseconds, and the promise is for the end', async () => {
  const { state, slices } = world(3);
  state.left = 7;
  const end = slices.run();
  assert.deepEqual([state.left, slices.isIdle], [4, false]);
  state.turns.shift()?.();
  assert.deepEqual([state.left, slices.isIdle], [1, false]);
  state.turns.shift()?.();
  assert.deepEqual([state.left, slices.isIdle, state.turns.length], [0, true, 0]);
  assert.deepEqual(state.ended, [true], 'the end is told once, and it is the end');
  await end;
});

test('what comes while work is under way is part of it', () => {
  const { state, slices } = world(10);
  state.left = 1;
  const end = slices.run();
  state.left += 1;
  assert.equal(slices.run(), end);
  state.turns.shift()?.();
  state.turns.shift()?.();
  assert.deepEqual([state.left, slices.isIdle, state.turns.length], [0, true, 0]);
});
