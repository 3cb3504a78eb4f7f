import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../lib/fake-clock.ts';
import { createTurnShare } from './turn-share.ts';

test('as much work runs in a turn as fits its share, in order, and the rest in the turns after it', async () => {
  let now = 0;
  const turns: (() => void)[] = [];
  const share = createTurnShare({
    clock: { ...createFakeClock(), monotonic: () => now },
    nextTurn: (callback) => turns.push(callback),
  });
  const done: number[] = [];
  const work = async (index: number): Promise<void> => {
    await share();
    now += 3;
    done.push(index);
  };
  const all = Promise.all([0, 1, 2, 3, 4].map((index) => work(index)));
  const perTurn: number[] = [];
  for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
    turn();
    await new Promise((resolve) => setImmediate(resolve));
    perTurn.push(done.length);
  }
  await all;
  assert.deepEqual(
    [done, perTurn],
    [
      [0, 1, 2, 3, 4],
      [3, 5],
    ],
  );
});
