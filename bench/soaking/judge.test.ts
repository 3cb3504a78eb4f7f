import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countMachine, type Counts } from './counts.ts';
import { judge } from './judge.ts';

const still: Counts = {
  namespaces: 30,
  processes: 200,
  descriptors: 5000,
  mounts: 400,
  conntrack: 60,
  usedKilobytes: 2_000_000,
  slabKilobytes: 300_000,
};
const unflat = (rounds: readonly Counts[]): string[] =>
  judge(rounds)
    .filter(({ flat }) => flat === false)
    .map(({ soak }) => soak);

test('a machine on which nothing moves is flat, and so is one with a busy moment', () => {
  const rounds = Array.from({ length: 40 }, (_, round) =>
    round % 10 === 9 ? { ...still, processes: 900, usedKilobytes: 3_000_000 } : still,
  );
  assert.deepEqual(unflat(rounds), []);
});

for (const [soak, each] of [
  ['namespaces', 1],
  ['processes', 1],
  ['mounts', 1],
  ['descriptors', 10],
  ['conntrack', 5],
  ['slabKilobytes', 600],
  ['usedKilobytes', 4000],
] as const) {
  test(`${each} ${soak} more in every round are not flat`, () => {
    const rounds = Array.from({ length: 40 }, (_, round) => ({
      ...still,
      [soak]: still[soak] + each * round,
    }));
    assert.deepEqual(unflat(rounds), [soak]);
  });
}

test('few rounds say nothing', () => {
  const rounds = Array.from({ length: 3 }, (_, round) => ({ ...still, namespaces: 1000 * round }));
  assert.ok(judge(rounds).every(({ flat }) => flat === null));
});

const skip = process.getuid?.() === 0 ? false : 'needs root';
test('everything is counted here', { skip }, () => {
  const { conntrack, ...counts } = countMachine();
  assert.ok(conntrack >= 0);
  assert.ok(
    Object.values(counts).every((count) => count > 0),
    JSON.stringify(counts),
  );
});
