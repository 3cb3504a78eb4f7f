import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dirty } from '../cluster-view.ts';
import { createSettling } from './settling.ts';

const changed = (...policies: readonly string[]): Dirty => ({
  nodes: false,
  services: new Set(),
  rerouted: new Set(),
  pods: new Set(),
  classes: new Set(),
  policies: new Set(policies),
  interfaces: new Set(),
});

/** Each node's work takes two steps, which are told of with what they are about. */
function world() {
  const told: string[] = [];
  const due: (() => void)[] = [];
  const settling = createSettling({
    *begin(node, { policies }) {
      told.push(`${node} begins ${[...policies].join()}`);
      yield;
      told.push(`${node} goes on`);
    },
    onIdle: () => told.push('idle'),
    nextTurn: (callback) => due.push(callback),
  });
  /** Runs so many turns, and returns what was told in them. */
  const turns = (count: number): string[] => {
    for (let turn = 0; turn < count; turn++) due.shift()?.();
    return told.splice(0);
  };
  return { settling, turns };
}

test('nodes take turns, a step each', () => {
  const { settling, turns } = world();
  settling.add('a', changed('x'));
  settling.add('b', changed('x'));
  assert.deepEqual(
    [turns(4), settling.isIdle],
    [['a begins x', 'b begins x', 'a goes on', 'b goes on', 'idle'], true],
  );
});

test('what comes while a node waits is done with the rest', () => {
  const { settling, turns } = world();
  settling.add('a', changed('x'));
  settling.add('a', changed('y'));
  assert.deepEqual(turns(3), ['a begins x,y', 'a goes on', 'idle']);
});

test('what comes while a node is at work is done behind it, together', () => {
  const { settling, turns } = world();
  settling.add('a', changed('x'));
  assert.deepEqual(turns(1), ['a begins x']);
  settling.add('a', changed('y'));
  settling.add('a', changed('z'));
  assert.equal(settling.isIdle, false);
  assert.deepEqual(turns(3), ['a goes on', 'a begins y,z', 'a goes on', 'idle']);
});

test('a node that is forgotten is broken off, and may begin anew', () => {
  const { settling, turns } = world();
  settling.add('a', changed('x'));
  assert.deepEqual(turns(1), ['a begins x']);
  settling.forget('a');
  settling.add('a', changed('y'));
  assert.deepEqual(turns(3), ['a begins y', 'a goes on', 'idle']);
});

test('after it was cleared nothing is left to do', () => {
  const { settling, turns } = world();
  settling.add('a', changed('x'));
  settling.clear();
  assert.deepEqual([turns(2), settling.isIdle], [['idle'], true]);
});
