import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTurns } from './turns.ts';

function world() {
  const told: string[] = [];
  const due: (() => void)[] = [];
  const turns = createTurns({ onIdle: () => told.push('idle'), nextTurn: (callback) => due.push(callback) });
  const step = (name: string) => (): void => void told.push(name);
  return { told, turns, step, turn: () => due.shift()?.() };
}

test('steps run one a turn, in order, and the last one tells', () => {
  const { told, turns, step, turn } = world();
  turns.add(step('a'));
  turns.add(step('b'));
  assert.deepEqual([told, turns.isIdle], [[], false]);
  turn();
  assert.deepEqual([told, turns.isIdle], [['a'], false]);
  turn();
  assert.deepEqual([told, turns.isIdle], [['a', 'b', 'idle'], true]);
});

test('what a step adds runs in a later turn', () => {
  const { told, turns, step, turn } = world();
  turns.add(() => turns.add(step('later')));
  turn();
  assert.deepEqual([told, turns.isIdle], [[], false]);
  turn();
  assert.deepEqual(told, ['later', 'idle']);
});

test('after it was idle it starts again, and what is cleared never runs', () => {
  const { told, turns, step, turn } = world();
  turns.add(step('a'));
  turn();
  turns.add(step('b'));
  turns.clear();
  turn();
  assert.deepEqual([told, turns.isIdle], [['a', 'idle', 'idle'], true]);
});
