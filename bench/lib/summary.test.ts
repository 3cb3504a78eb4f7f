import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quantile, summarise } from './summary.ts';

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

test('a quantile is the sample of the nearest rank, whatever the order', () => {
  assert.equal(quantile(hundred, 0.5), 50);
  assert.equal(quantile(hundred, 0.99), 99);
  assert.equal(quantile([3, 1, 2], 0.5), 2);
});

test('of few samples the 99th percentile is the largest', () => {
  assert.equal(quantile([5, 9, 7], 0.99), 9);
});

test('no samples have no quantile', () => {
  assert.throws(() => quantile([], 0.5), RangeError);
});

test('a figure is met when its median is within the target', () => {
  const figure = { bench: 'x', unit: 'ms', samples: [1, 2, 300], target: 2, peer: null } as const;
  assert.deepEqual(summarise(figure), {
    bench: 'x',
    unit: 'ms',
    n: 3,
    p50: 2,
    p99: 300,
    target: 2,
    met: true,
    peer: null,
  });
  assert.equal(summarise({ ...figure, target: 1.9 }).met, false);
});
