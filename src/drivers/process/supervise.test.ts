import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { silentLog } from '../../lib/log.ts';
import { createFakeProcesses, type FakeBehaviour } from './fake.ts';
import type { ProcessCommand, ProcessRecord } from './port.ts';
import { superviseProcess } from './supervise.ts';

const command: ProcessCommand = { command: 'control', args: [], env: {}, logFile: 'log' };

/** A clock that stands still until it is told; `run` also lets what was promised happen. */
function createHandClock(): Clock & { run(forMs: number): Promise<void> } {
  let now = 0;
  const timers = new Set<{ at: number; fn: () => void }>();
  return {
    now: () => now,
    monotonic: () => now,
    after(delayMs, fn) {
      const timer = { at: now + delayMs, fn };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async run(forMs) {
      const end = now + forMs;
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        now = next.at;
        next.fn();
      }
      now = end;
    },
  };
}

function supervising(behaviourOf: (command: ProcessCommand) => FakeBehaviour | undefined = () => ({})) {
  const clock = createHandClock();
  const processes = createFakeProcesses(clock, behaviourOf);
  const records: ProcessRecord[] = [];
  const options = {
    processes,
    clock,
    log: silentLog,
    name: 'control',
    command,
    onStart: (record: ProcessRecord) => void records.push(record),
  };
  return { clock, processes, records, options };
}

test('a program that crashes is started again at once and told anew', async () => {
  const { clock, processes, records, options } = supervising();
  const supervision = await superviseProcess(options);
  processes.end(records[0] ?? assert.fail(), { signal: 'SIGSEGV' });
  await clock.run(0);
  assert.equal(records.length, 2);
  assert.deepEqual(supervision.record, records[1]);
  assert.equal(processes.isRunning(records[1] ?? assert.fail()), true);
});

test('a program in a crash loop is started less and less often', async () => {
  const { clock, processes, options } = supervising(() => ({ exits: 1 }));
  await superviseProcess(options);
  await clock.run(1000);
  // At 0 (twice), 100, 300 and 700 ms.
  assert.equal(processes.started.length, 5);
  await clock.run(60_000);
  const soFar = processes.started.length;
  await clock.run(100_000);
  assert.equal(processes.started.length - soFar, 10);
});

test('a program that ran for a while is started at once again', async () => {
  const { clock, processes, records, options } = supervising();
  await superviseProcess(options);
  for (let crashes = 0; crashes < 5; crashes++) {
    await clock.run(40_000);
    processes.end(records.at(-1) ?? assert.fail(), { code: 1 });
    await clock.run(0);
    assert.equal(records.length, crashes + 2);
  }
});

test('a stopped program stays stopped, also while it waits for its next start', async () => {
  const { clock, processes, records, options } = supervising();
  const running = await superviseProcess(options);
  await running.stop({ graceMs: 100 });
  await clock.run(60_000);
  assert.equal(records.length, 1);
  assert.equal(running.record, undefined);

  const waiting = supervising(() => ({ exits: 1 }));
  const supervision = await superviseProcess(waiting.options);
  await waiting.clock.run(150);
  const soFar = waiting.processes.started.length;
  await supervision.stop({ graceMs: 100 });
  await waiting.clock.run(60_000);
  assert.equal(waiting.processes.started.length, soFar);
  assert.equal(processes.started.length, 1);
});

test('a process that still runs is adopted, one that does not is replaced', async () => {
  const { clock, processes, records, options } = supervising();
  const adopt = await processes.start(command);
  const supervision = await superviseProcess({ ...options, adopt });
  assert.deepEqual(supervision.record, adopt);
  assert.equal(processes.started.length, 1);
  processes.end(adopt, {});
  await clock.run(0);
  assert.equal(processes.started.length, 2);

  await superviseProcess({ ...options, adopt });
  assert.equal(processes.started.length, 3);
  assert.equal(records.length, 3);
});

test('a first start that fails is the caller’s to know, a later one is tried again', async () => {
  let isInstalled = false;
  const { clock, processes, records, options } = supervising(() => (isInstalled ? {} : undefined));
  await assert.rejects(superviseProcess(options), WeftError);
  isInstalled = true;
  await superviseProcess(options);
  isInstalled = false;
  processes.end(records[0] ?? assert.fail(), { code: 1 });
  await clock.run(500);
  assert.equal(records.length, 1);
  isInstalled = true;
  await clock.run(10_000);
  assert.equal(records.length, 2);
});
