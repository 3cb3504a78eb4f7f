import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../lib/fake-clock.ts';
import { createDriftRepair } from './drift-repair.ts';

test('many changes that come together are mended once, and soon', async () => {
  const clock = createFakeClock();
  const runs: string[] = [];
  const drift = createDriftRepair({
    clock,
    repair: (name) => void runs.push(`${name} ${clock.monotonic()}`),
  });
  for (let change = 0; change < 10; change++) drift.drifted('a');
  drift.drifted('b');
  await clock.advance(100);
  assert.deepEqual(runs, ['a 20', 'b 20']);
});

test('a storm of changes is compared with a rest in between', async () => {
  const clock = createFakeClock();
  const runs: number[] = [];
  const drift = createDriftRepair({ clock, repair: () => void runs.push(clock.monotonic()) });
  for (let ms = 0; ms < 1000; ms += 10) {
    drift.drifted('a');
    await clock.advance(10);
  }
  assert.deepEqual(runs, [20, 320, 620, 920]);
});

test('what cannot be mended now is tried again until it can', async () => {
  const clock = createFakeClock();
  let tries = 0;
  const repair = (): void => {
    tries += 1;
    if (tries < 3) throw new Error('the link it needs is not there yet');
  };
  createDriftRepair({ clock, repair }).drifted('a');
  await clock.advance(60_000);
  assert.equal(tries, 3);
});
