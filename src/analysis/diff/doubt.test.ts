import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doubtedDiff } from './doubt.ts';
import type { ReachDiff } from './diff.ts';

const passage = { ports: ['all'], why: undefined };
const diff: ReachDiff = {
  connections: [
    {
      change: 'added',
      source: 'a/new[Pod]',
      destination: 'b/x[Pod]',
      before: undefined,
      after: passage,
      because: 'a/new[Pod] is new',
    },
    {
      change: 'removed',
      source: 'b/x[Pod]',
      destination: 'c/y[Pod]',
      before: passage,
      after: undefined,
      because: undefined,
    },
  ],
  services: [{ change: 'removed', service: 'a/web', port: 'TCP 80', before: ['a/web[Pod]:80'], after: [] }],
};
const doubts = (...parts: Partial<Parameters<typeof doubtedDiff>[1]>[]): (string | undefined)[] => {
  const all = Object.assign({ undecided: [], unseen: [] }, ...parts) as Parameters<typeof doubtedDiff>[1];
  const { connections, services } = doubtedDiff(diff, all);
  return [...connections, ...services].map(({ doubt }) => doubt);
};

test('without doubts the differences are as they are', () => {
  assert.equal(doubtedDiff(diff, { undecided: [], unseen: [] }), diff);
});

test('policies that nobody could read put all in doubt that is about their namespace', () => {
  assert.deepEqual(doubts({ undecided: [{ namespace: 'c', why: 'unread' }] }), [
    undefined,
    'unread',
    undefined,
  ]);
  assert.deepEqual(doubts({ undecided: [{ namespace: undefined, why: 'unread' }] }), [
    'unread',
    'unread',
    undefined,
  ]);
});

test('what could not be seen puts in doubt what seems new or gone, and Services', () => {
  assert.deepEqual(doubts({ unseen: [{ namespace: 'a', why: 'unseen' }] }), ['unseen', undefined, 'unseen']);
  assert.deepEqual(doubts({ unseen: [{ namespace: 'c', why: 'unseen' }] }), [
    undefined,
    undefined,
    undefined,
  ]);
});
