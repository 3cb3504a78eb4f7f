import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFairTurns } from './fair-turns.ts';

test('each piece of work has a turn of its own, in the order in which it was asked for', () => {
  let turns: (() => void)[] = [];
  const fair = createFairTurns((callback) => void turns.push(callback));
  const done: string[] = [];
  const again = (): void => {
    done.push('a');
    if (done.length < 5) fair(again);
  };
  fair(again);
  fair(() => done.push('b'));
  const seen: string[] = [];
  while (turns.length > 0) {
    const due = turns;
    turns = [];
    for (const turn of due) turn();
    seen.push(done.join(''));
  }
  assert.deepEqual(seen, ['a', 'ab', 'aba', 'abaa', 'abaaa']);
});

test('work that throws keeps nobody else waiting', () => {
  const turns: (() => void)[] = [];
  const fair = createFairTurns((callback) => void turns.push(callback));
  const done: string[] = [];
  fair(() => {
    throw new Error('a defect');
  });
  fair(() => done.push('next'));
  assert.throws(() => turns.shift()?.(), { message: 'a defect' });
  turns.shift()?.();
  assert.deepEqual(done, ['next']);
});
