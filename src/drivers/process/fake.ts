import type { Clock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import type { ProcessCommand, ProcessExit, ProcessRecord, Processes } from './port.ts';

/** What a fake program does; undefined when there is no such program. */
export interface FakeBehaviour {
  /** Ends by itself with this code, at once. */
  readonly exits?: number;
  readonly ignoresTerm?: boolean;
}

export interface FakeProcesses extends Processes {
  /** Every start so far, in order. */
  readonly started: readonly ProcessCommand[];
  /** Ends a process as if it had crashed. */
  end(record: ProcessRecord, exit: ProcessExit): void;
}

interface FakeProcess {
  readonly record: ProcessRecord;
  readonly behaviour: FakeBehaviour;
  readonly args: readonly string[];
  readonly callbacks: Set<(exit: ProcessExit) => void>;
}

/** Processes in memory. Pids are given again after their process ended, as the kernel does. */
export function createFakeProcesses(
  clock: Clock,
  behaviourOf: (command: ProcessCommand) => FakeBehaviour | undefined = () => ({}),
): FakeProcesses {
  const running = new Map<number, FakeProcess>();
  const started: ProcessCommand[] = [];
  let ticks = 1;

  function find(record: ProcessRecord): FakeProcess | undefined {
    const known = running.get(record.pid);
    return known?.record.startTime === record.startTime ? known : undefined;
  }

  function end(record: ProcessRecord, exit: ProcessExit): void {
    const process = find(record);
    if (process === undefined) return;
    running.delete(record.pid);
    for (const callback of process.callbacks) clock.after(0, () => callback(exit));
  }

  return {
    started,
    end,
    async start(command) {
      const behaviour = behaviourOf(command);
      if (behaviour === undefined) throw new WeftError('process-start-failed', `no ${command.command}`);
      started.push(command);
      let pid = 100;
      while (running.has(pid)) pid++;
      const record = { pid, startTime: ticks++ };
      running.set(pid, {
        record,
        behaviour,
        args: [command.command, ...command.args],
        callbacks: new Set(),
      });
      if (behaviour.exits !== undefined) clock.after(0, () => end(record, { code: behaviour.exits ?? 0 }));
      return record;
    },
    isRunning: (record) => find(record) !== undefined,
    usage: (record) =>
      find(record) === undefined
        ? undefined
        : { uptimeSeconds: clock.monotonic() / 1000, residentBytes: 1 << 20, descriptors: 3 },
    find: (matches) =>
      [...running.values()].filter(({ args }) => matches(args)).map(({ record, args }) => ({ record, args })),
    async stop(record, { graceMs }) {
      const process = find(record);
      if (process?.behaviour.ignoresTerm === true) {
        await new Promise<void>((resolve) => void clock.after(graceMs, resolve));
        end(record, { signal: 'SIGKILL' });
      } else end(record, { signal: 'SIGTERM' });
    },
    onExit(record, callback) {
      const process = find(record);
      if (process === undefined) return clock.after(0, () => callback({}));
      process.callbacks.add(callback);
      return () => process.callbacks.delete(callback);
    },
  };
}
