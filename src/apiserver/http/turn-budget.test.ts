import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTurnBudget } from './turn-budget.ts';

/** A budget whose turns end when the test says so, and work that takes 4 ms. */
function world() {
  let now = 0;
  let ends: (() => void)[] = [];
  const done: number[] = [];
  const budget = createTurnBudget({
    clock: { monotonic: () => now },
    nextTurn: (callback) => void ends.push(callback),
  });
  const work = async (index: number): Promise<void> => {
    const turn = budget();
    if (turn !== undefined) await turn;
    now += 4;
    done.push(index);
  };
  const endTurn = async (): Promise<void> => {
    const due = ends;
    ends = [];
    for (const end of due) end();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { work, endTurn, done };
}

test('whoever comes first in a turn works at once', async () => {
  const { work, endTurn, done } = world();
  void work(1);
  assert.deepEqual(done, [1]);
  await endTurn();
  void work(2);
  assert.deepEqual(done, [1, 2]);
});

test('of many at once each turn takes as many as fit, in the order of their coming', async () => {
  const { work, endTurn, done } = world();
  const perTurn: number[] = [];
  const all = Promise.all([1, 2, 3, 4, 5, 6, 7].map((index) => work(index)));
  for (let turn = 0; turn < 3; turn++) {
    perTurn.push(done.length);
    await endTurn();
  }
  await all;
  assert.deepEqual(
    [done, perTurn],
    [
      [1, 2, 3, 4, 5, 6, 7],
      [3, 6, 7],
    ],
  );
});

test('nobody overtakes those who wait', async () => {
  const { work, endTurn, done } = world();
  const all = [1, 2, 3, 4].map((index) => work(index));
  const late = endTurn().then(() => work(5));
  await Promise.all([...all, late]);
  assert.deepEqual(done, [1, 2, 3, 4, 5]);
});
