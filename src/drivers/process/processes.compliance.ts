import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WeftError } from '../../lib/errors.ts';
import type { ProcessCommand, ProcessExit, Processes } from './port.ts';

export interface ProcessesUnderTest {
  readonly processes: Processes;
  /** Runs until it is told to end. */
  readonly patient: ProcessCommand;
  /** Ends only by SIGKILL. */
  readonly stubborn: ProcessCommand;
  /** Resolves when `stubborn`, just started, has come so far as to be stubborn. */
  readonly untilStubborn: () => Promise<void>;
  /** Ends at once with code 7. */
  readonly failing: ProcessCommand;
  /** Does not exist. */
  readonly missing: ProcessCommand;
}

/** What every `Processes` does. */
export function processesCompliance(make: () => ProcessesUnderTest): void {
  test('a started process runs until it is stopped, and stopping again does nothing', async () => {
    const { processes, patient } = make();
    const record = await processes.start(patient);
    assert.equal(processes.isRunning(record), true);
    await processes.stop(record, { graceMs: 5000 });
    assert.equal(processes.isRunning(record), false);
    await processes.stop(record, { graceMs: 5000 });
  });

  test('a process that ignores SIGTERM is killed after the grace period', async () => {
    const { processes, stubborn, untilStubborn } = make();
    const record = await processes.start(stubborn);
    await untilStubborn();
    const exited = exitOf(processes, record);
    await processes.stop(record, { graceMs: 100 });
    assert.equal(processes.isRunning(record), false);
    assert.equal((await exited).signal, 'SIGKILL');
  });

  test('a process tells what it takes as long as it runs', async () => {
    const { processes, patient } = make();
    const record = await processes.start(patient);
    const usage = processes.usage(record);
    assert.ok(
      usage !== undefined && usage.uptimeSeconds >= 0 && usage.residentBytes > 0,
      JSON.stringify(usage),
    );
    assert.ok(usage.descriptors >= 3, 'input, output and errors');
    await processes.stop(record, { graceMs: 5000 });
    assert.equal(processes.usage(record), undefined);
  });

  test('how a process ended is told', async () => {
    const { processes, failing } = make();
    const record = await processes.start(failing);
    assert.deepEqual(await exitOf(processes, record), { code: 7 });
    assert.equal(processes.isRunning(record), false);
  });

  test('the end of a process that is long gone is told too', async () => {
    const { processes, patient } = make();
    const record = await processes.start(patient);
    await processes.stop(record, { graceMs: 5000 });
    await exitOf(processes, record);
  });

  test('another process with the same pid is neither taken for it nor stopped', async () => {
    const { processes, patient } = make();
    const record = await processes.start(patient);
    const earlier = { ...record, startTime: record.startTime - 1 };
    assert.equal(processes.isRunning(earlier), false);
    await processes.stop(earlier, { graceMs: 100 });
    assert.equal(processes.isRunning(record), true);
    await processes.stop(record, { graceMs: 5000 });
  });

  test('a running process is found by its command line, and not when it has ended', async () => {
    const { processes, patient } = make();
    // Whatever a shell has become by then: its last word stays.
    const word = patient.args.at(-1)?.split(' ').at(-1);
    const matches = (args: readonly string[]): boolean => args.at(-1)?.split(' ').at(-1) === word;
    const record = await processes.start(patient);
    const isFound = (): boolean => processes.find(matches).some((found) => found.record.pid === record.pid);
    assert.equal(isFound(), true);
    await processes.stop(record, { graceMs: 5000 });
    assert.equal(isFound(), false);
  });

  test('a program that does not exist cannot be started', async () => {
    const { processes, missing } = make();
    await assert.rejects(
      processes.start(missing),
      (thrown) => thrown instanceof WeftError && thrown.code === 'process-start-failed',
    );
  });
}

function exitOf(processes: Processes, record: Parameters<Processes['onExit']>[0]): Promise<ProcessExit> {
  return new Promise((resolve) => void processes.onExit(record, resolve));
}
