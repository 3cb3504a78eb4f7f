import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from './clock.ts';
import { createFakeClock } from './fake-clock.ts';
import type { Histogram } from './metrics.ts';
import { watchLoopDelay } from './loop-delay.ts';

/** A fake clock whose monotonic time somebody else, who blocks the loop, may put forward. */
function world() {
  const fake = createFakeClock();
  let blockedMs = 0;
  const clock: Clock = { ...fake, monotonic: () => fake.monotonic() + blockedMs };
  const delay = watchLoopDelay(clock);
  return { delay, advance: (ms: number) => fake.advance(ms), block: (ms: number) => void (blockedMs += ms) };
}

const upTo = ({ buckets }: Histogram, le: number): number | undefined =>
  buckets.find((bucket) => bucket.le === le)?.count;

test('a loop that is free counts every 20 ms as no delay', async () => {
  const { delay, advance } = world();
  await advance(1000);
  const histogram = delay.histogram();
  assert.deepEqual([histogram.count, histogram.sum, upTo(histogram, 0.001)], [50, 0, 50]);
});

test('a block counts once for every 20 ms that it lasts, with what was left of it then', async () => {
  const { delay, advance, block } = world();
  block(100);
  await advance(20);
  const histogram = delay.histogram();
  // 100, 80, 60, 40, 20 and 0 ms.
  assert.deepEqual([histogram.count, upTo(histogram, 0.05), upTo(histogram, 0.1)], [6, 3, 6]);
  assert.ok(Math.abs(histogram.sum - 0.3) < 1e-9);
});

test('what was stopped counts no more', async () => {
  const { delay, advance } = world();
  delay.stop();
  await advance(1000);
  assert.equal(delay.histogram().count, 0);
});
