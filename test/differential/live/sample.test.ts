import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sample } from './sample.ts';

const items = Array.from({ length: 1000 }, (_, index) => index);
/** One in a hundred is rare. */
const kindOf = (item: number): string => (item % 100 === 0 ? 'rare' : 'common');

test('a sample has what is rare, is in order, and is the same for the same seed', () => {
  const some = sample(items, { count: 40, seed: 7, kindOf });
  assert.equal(some.length, 40);
  assert.equal(some.filter((item) => kindOf(item) === 'rare').length, 10);
  assert.deepEqual(
    some,
    some.toSorted((a, b) => a - b),
  );
  assert.deepEqual(some, sample(items, { count: 40, seed: 7, kindOf }));
  assert.notDeepEqual(some, sample(items, { count: 40, seed: 8, kindOf }));
});

test('everything is taken where there is not more', () => {
  assert.deepEqual(sample(items, { count: 1000, seed: 1, kindOf }), items);
});
