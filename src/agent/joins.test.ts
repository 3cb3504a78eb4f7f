import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodePlace } from '../model/network/topology.ts';
import { createJoins } from './joins.ts';

const placeOf = (name: string, address = '172.20.1.1'): NodePlace => ({
  name,
  address,
  podCidr: '10.244.0.0/24',
  tunnelAddress: '10.244.0.0',
});

/** Agents with two tables each; what was done, in order. */
function world(refused: readonly string[] = []) {
  const done: string[] = [];
  const failed: string[] = [];
  const joins = createJoins({
    agentOf: ({ name }) => ({
      *layOut() {
        for (const table of ['services', 'policies']) {
          if (refused.includes(name)) throw new Error('refused');
          done.push(`${name} ${table}`);
          yield;
        }
      },
      cleanup: () => void done.push(`${name} cleaned`),
    }),
    open: ({ name }) => void done.push(`${name} opened`),
    enlist: ({ name, address }) => void done.push(`${name} joined at ${address}`),
    attempt(node, work) {
      try {
        work();
      } catch {
        failed.push(node);
      }
    },
  });
  const finish = (): void => {
    while (joins.step());
  };
  return { joins, done, failed, finish };
}

test('a node joins when its tables are laid out, a table with each step', () => {
  const { joins, done } = world();
  joins.add(placeOf('a'));
  const perStep: string[] = [];
  while (joins.step()) perStep.push(done.splice(0).join(', '));
  assert.deepEqual(perStep, ['a opened, a services', 'a policies', 'a joined at 172.20.1.1']);
  assert.equal(joins.has('a'), false);
});

test('a node that is refused keeps the next from nothing, and may be added again', () => {
  const refused = ['a'];
  const { joins, done, failed, finish } = world(refused);
  joins.add(placeOf('a'));
  joins.add(placeOf('b'));
  finish();
  assert.deepEqual([failed, done.at(-1), joins.has('a')], [['a'], 'b joined at 172.20.1.1', false]);
  refused.pop();
  joins.add(placeOf('a'));
  finish();
  assert.equal(done.at(-1), 'a joined at 172.20.1.1');
});

test('what was laid out of a node that leaves meanwhile goes', () => {
  const { joins, done, finish } = world();
  joins.add(placeOf('a'));
  joins.step();
  assert.deepEqual(joins.giveUpWhereChanged(new Map()), ['a']);
  finish();
  assert.deepEqual(done, ['a opened', 'a services', 'a cleaned']);
});

test('a node that moves meanwhile joins where it is then, with what was laid out', () => {
  const { joins, done, finish } = world();
  joins.add(placeOf('a'));
  joins.step();
  const moved = placeOf('a', '172.20.7.7');
  assert.deepEqual(joins.giveUpWhereChanged(new Map([['a', moved]])), ['a']);
  joins.add(moved);
  finish();
  assert.equal(done.at(-1), 'a joined at 172.20.7.7');
  assert.ok(!done.includes('a cleaned'));
});

test('a node that leaves before its turn has nothing that would be taken away', () => {
  const { joins, done, finish } = world();
  joins.add(placeOf('a'));
  assert.deepEqual(joins.giveUpWhereChanged(new Map()), ['a']);
  finish();
  assert.deepEqual(done, []);
});
