import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import { createWorkQueue, type NextRun, type WorkQueue, type WorkQueueOptions } from './queue.ts';

const backOff = { firstMs: 10, mostMs: 100, random: () => 1 };

function makeQueue(
  handler: WorkQueueOptions['handler'],
  options: Partial<WorkQueueOptions> = {},
): { queue: WorkQueue; clock: FakeClock } {
  const clock = createFakeClock();
  const queue = createWorkQueue({ handler, clock, backOff, ...options });
  queue.start();
  return { queue, clock };
}

describe('a work queue', () => {
  it('runs a key in the next microtask when it is idle', async () => {
    const ran: string[] = [];
    const { queue } = makeQueue(async (key) => {
      ran.push(key);
      return 'never';
    });
    queue.add('a');
    assert.deepEqual(ran, [], 'not before the caller is done');
    await Promise.resolve();
    assert.deepEqual(ran, ['a']);
  });

  it('runs a key once for all that was added in one turn', async () => {
    const ran: string[] = [];
    const { queue } = makeQueue(async (key) => {
      ran.push(key);
      return 'never';
    });
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    await queue.idle();
    assert.deepEqual(ran, ['a', 'b']);
  });

  it('runs a key once more when it was added while it ran, however often', async () => {
    let runs = 0;
    const gate = Promise.withResolvers<NextRun>();
    const { queue } = makeQueue(() => {
      runs += 1;
      return runs === 1 ? gate.promise : Promise.resolve('never');
    });
    queue.add('a');
    await Promise.resolve();
    queue.add('a');
    queue.add('a');
    gate.resolve('never');
    await queue.idle();
    assert.equal(runs, 2);
  });

  it('waits longer after every failure, up to a limit, and starts anew after a success', async () => {
    const times: number[] = [];
    const { queue, clock } = makeQueue(async () => {
      times.push(clock.monotonic());
      return times.length === 6 ? 'never' : 'back-off';
    });
    queue.add('a');
    await clock.advance(1000);
    assert.deepEqual(times, [0, 10, 30, 70, 150, 250]);
    queue.add('a');
    await clock.advance(0);
    await clock.advance(10);
    assert.deepEqual(times.slice(6), [1000, 1010]);
  });

  it('runs a key that backs off at once when it is added', async () => {
    const times: number[] = [];
    const { queue, clock } = makeQueue(async () => {
      times.push(clock.monotonic());
      return times.length === 1 ? 'back-off' : 'never';
    });
    queue.add('a');
    await clock.advance(5);
    queue.add('a');
    await clock.advance(1000);
    assert.deepEqual(times, [0, 5]);
    assert.equal(clock.pending, 0);
  });

  it('keeps the earliest of several delays', async () => {
    const times: number[] = [];
    const { queue, clock } = makeQueue(async () => {
      times.push(clock.monotonic());
      return 'never';
    });
    for (const delayMs of [50, 20, 80]) queue.addAfter('a', delayMs);
    await clock.advance(1000);
    assert.deepEqual(times, [20]);
  });

  it('reports a handler that throws, and backs off', async () => {
    const thrown: unknown[] = [];
    let runs = 0;
    const { queue, clock } = makeQueue(
      () => {
        runs += 1;
        return runs === 1 ? Promise.reject(new Error('a defect')) : Promise.resolve('never');
      },
      { onThrow: (key, error) => thrown.push([key, error instanceof Error ? error.message : '']) },
    );
    queue.add('a');
    await clock.advance(10);
    assert.deepEqual(thrown, [['a', 'a defect']]);
    assert.equal(runs, 2);
  });

  it('starts nothing before start and nothing after stop, which waits for what runs', async () => {
    const clock = createFakeClock();
    const ran: string[] = [];
    const gate = Promise.withResolvers<NextRun>();
    let aborted = false;
    const queue = createWorkQueue({
      clock,
      handler(key, signal) {
        ran.push(key);
        signal.addEventListener('abort', () => (aborted = true));
        return gate.promise;
      },
    });
    queue.add('a');
    await clock.advance(10);
    assert.deepEqual(ran, []);
    queue.start();
    await clock.advance(0);
    queue.add('b');
    const stopped = queue.stop();
    assert.ok(aborted);
    gate.resolve('back-off');
    await stopped;
    await clock.advance(1000);
    assert.deepEqual(ran, ['a']);
  });

  it('lets input and output have a turn during a long burst', async () => {
    let runs = 0;
    let atTurn = -1;
    const { queue } = makeQueue(async () => {
      runs += 1;
      return 'never';
    });
    for (let i = 0; i < 1000; i++) queue.add(String(i));
    setImmediate(() => (atTurn = runs));
    await queue.idle();
    assert.equal(runs, 1000);
    assert.ok(atTurn < 1000, `the turn came after ${atTurn} of 1000`);
  });

  it('never runs a key twice at once, keeps to its concurrency, and ends with the last state handled', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ key: fc.integer({ min: 0, max: 4 }), pause: fc.integer({ min: 0, max: 3 }) }), {
          maxLength: 60,
        }),
        fc.integer({ min: 1, max: 4 }),
        async (steps, concurrency) => {
          const version = new Map<string, number>();
          const handled = new Map<string, number>();
          const running = new Set<string>();
          const { queue, clock } = makeQueue(
            async (key) => {
              assert.ok(!running.has(key));
              running.add(key);
              assert.ok(running.size <= concurrency);
              const seen = version.get(key) ?? 0;
              for (let i = 0; i < seen % 4; i++) await Promise.resolve();
              running.delete(key);
              if (seen % 3 === 1 && handled.get(key) !== -seen) {
                handled.set(key, -seen);
                return 'back-off';
              }
              handled.set(key, seen);
              return 'never';
            },
            { concurrency },
          );
          for (const { key, pause } of steps) {
            version.set(String(key), (version.get(String(key)) ?? 0) + 1);
            queue.add(String(key));
            for (let i = 0; i < pause; i++) await Promise.resolve();
          }
          await clock.advance(10_000);
          assert.deepEqual(handled, version);
        },
      ),
      { numRuns: 100 },
    ));
});
