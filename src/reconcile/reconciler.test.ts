import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../lib/fake-clock.ts';
import { silentLog } from '../lib/log.ts';
import type { Outcome } from './outcome.ts';
import { createReconciler } from './reconciler.ts';

function reconcilerWith(outcomes: Outcome[]): {
  run: ReturnType<typeof createReconciler>;
  clock: ReturnType<typeof createFakeClock>;
  times: number[];
} {
  const clock = createFakeClock();
  const times: number[] = [];
  const run = createReconciler({
    name: 'test',
    clock,
    log: silentLog,
    reconcile: async () => {
      times.push(clock.monotonic());
      return outcomes.shift() ?? { kind: 'done' };
    },
  });
  run.start();
  return { run, clock, times };
}

describe('a reconciler', () => {
  it('says who is failing, why and since when, until it works', async () => {
    const { run, clock } = reconcilerWith([
      { kind: 'retry', why: 'first', afterMs: 10 },
      { kind: 'retry', why: 'second', afterMs: 10 },
    ]);
    run.enqueue('a');
    await clock.advance(15);
    assert.deepEqual(run.failing(), [{ key: 'a', why: 'second', failures: 2, retried: true, since: 0 }]);
    await clock.advance(10);
    assert.deepEqual(run.failing(), []);
  });

  it('looks again after a wait, without calling it a failure', async () => {
    const { run, clock, times } = reconcilerWith([{ kind: 'wait', afterMs: 30 }]);
    run.enqueue('a');
    await clock.advance(10);
    assert.deepEqual(run.failing(), []);
    await clock.advance(100);
    assert.deepEqual(times, [0, 30]);
  });

  it('leaves a fatal key alone until it is enqueued again', async () => {
    const { run, clock, times } = reconcilerWith([{ kind: 'fatal', why: 'no such thing' }]);
    run.enqueue('a');
    await clock.advance(100_000);
    assert.deepEqual(times, [0]);
    assert.equal(run.failing()[0]?.retried, false);
    run.enqueue('a');
    await clock.advance(0);
    assert.deepEqual(run.failing(), []);
  });

  it('retries a handler that throws', async () => {
    const clock = createFakeClock();
    let runs = 0;
    const run = createReconciler({
      name: 'test',
      clock,
      log: silentLog,
      reconcile: () =>
        ++runs === 1 ? Promise.reject(new Error('a defect')) : Promise.resolve({ kind: 'done' }),
    });
    run.start();
    run.enqueue('a');
    await clock.advance(0);
    assert.equal(run.failing()[0]?.why, 'a defect');
    await clock.advance(10);
    assert.deepEqual([runs, run.failing().length], [2, 0]);
  });
});
