import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../lib/fake-clock.ts';
import { createRepairs, type RepairsOptions } from './repairs.ts';

test('the regular comparison takes each node in a turn of its own, and rests when all had theirs', () => {
  const timers: { readonly delayMs: number; readonly run: () => void }[] = [];
  const compared: string[] = [];
  const node = (name: string): readonly [string, object] => [
    name,
    { agent: { repair: () => compared.push(name) * 0, brokenPods: () => new Map() } },
  ];
  const options: Partial<Record<keyof RepairsOptions, unknown>> = {
    nodes: new Map(['a', 'b'].map(node)),
    attempt: (_: string, work: () => void) => work(),
    onCompared: () => {},
    drift: { onDrift: () => {} },
    clock: {
      ...createFakeClock(),
      after: (delayMs: number, run: () => void) => void timers.push({ delayMs, run }),
    },
  };
  createRepairs(options as unknown as RepairsOptions).start();
  const seen: unknown[] = [];
  for (let turn = 0; turn < 4; turn++) {
    const { delayMs, run } = timers.shift() ?? assert.fail('nothing is planned');
    run();
    seen.push([delayMs, ...compared]);
  }
  assert.deepEqual(seen, [
    [30_000, 'a'],
    [0, 'a', 'b'],
    [0, 'a', 'b'],
    [30_000, 'a', 'b', 'a'],
  ]);
});
