import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fchmodSync, openSync } from 'node:fs';
import type { Clock } from '../../lib/clock.ts';
import { WeftError, messageOf } from '../../lib/errors.ts';
import { keepAlive } from '../../lib/keep-alive.ts';
import { findProcesses } from './find.ts';
import type {
  FoundProcess,
  ProcessCommand,
  ProcessExit,
  ProcessRecord,
  Processes,
  ProcessUsage,
} from './port.ts';
import { readProcStat } from './proc-stat.ts';
import { readProcessUsage } from './usage.ts';

const pollMs = 20;
const watchMs = 100;
/** SIGKILL ends a process when it next leaves the kernel. */
const killMs = 5000;

export interface ProcessesOptions {
  readonly clock: Clock;
  /**
   * Calls back once when the process ends, which is no child of this one; undefined where it cannot be watched. Without
   * it, others than children are looked at every 100 ms.
   */
  readonly watchExit?: (pid: number, ended: () => void) => (() => void) | undefined;
}

/** Real processes of this machine. */
export function createProcesses(options: ProcessesOptions): Processes {
  return new MachineProcesses(options);
}

class MachineProcesses implements Processes {
  readonly #clock: Clock;
  readonly #watchExit: ProcessesOptions['watchExit'];
  /** Children that have not ended, by pid: a pid is not given to another process before its exit was seen. */
  readonly #children = new Map<number, { readonly child: ChildProcess; readonly startTime: number }>();

  constructor({ clock, watchExit }: ProcessesOptions) {
    this.#clock = clock;
    this.#watchExit = watchExit;
  }

  async start(command: ProcessCommand): Promise<ProcessRecord> {
    const child = await spawned(command);
    const pid = child.pid ?? 0;
    // Even when it has ended by now, it is there until this thread has handled that.
    const startTime = readProcStat(pid)?.startTime ?? 0;
    this.#children.set(pid, { child, startTime });
    child.once('exit', () => this.#children.delete(pid));
    child.unref();
    return { pid, startTime };
  }

  isRunning({ pid, startTime }: ProcessRecord): boolean {
    const stat = readProcStat(pid);
    return stat !== undefined && stat.startTime === startTime && stat.state !== 'Z' && stat.state !== 'X';
  }

  usage(record: ProcessRecord): ProcessUsage | undefined {
    return this.isRunning(record) ? readProcessUsage(record) : undefined;
  }

  find(matches: (args: readonly string[]) => boolean): FoundProcess[] {
    return findProcesses(matches).filter(({ record }) => this.isRunning(record));
  }

  async stop(record: ProcessRecord, { graceMs }: { readonly graceMs: number }): Promise<void> {
    const release = keepAlive();
    try {
      this.#signal(record, record.pid, 'SIGTERM');
      if (await this.#isGone(record, graceMs)) return;
      // It leads its own process group, so this reaches what it started; other groups are never named by its pid.
      this.#signal(record, -record.pid, 'SIGKILL');
      this.#signal(record, record.pid, 'SIGKILL');
      if (await this.#isGone(record, killMs)) return;
      throw new WeftError('process-not-stopped', `process ${record.pid} does not end`, {
        fault: 'environment',
      });
    } finally {
      release();
    }
  }

  onExit(record: ProcessRecord, callback: (exit: ProcessExit) => void): () => void {
    const known = this.#children.get(record.pid);
    if (known?.startTime !== record.startTime) return this.#watch(record, callback);
    const { child } = known;
    const listener = (code: number | null, signal: string | null): void => {
      callback({ ...(code === null ? {} : { code }), ...(signal === null ? {} : { signal }) });
    };
    child.once('exit', listener);
    return () => child.off('exit', listener);
  }

  #watch(record: ProcessRecord, callback: (exit: ProcessExit) => void): () => void {
    const end = this.#watchExit?.(record.pid, () => callback({}));
    // What is watched is this process, and not a later one with its pid, if it runs still.
    if (end !== undefined && this.isRunning(record)) return end;
    end?.();
    return this.#lookAgainAndAgain(record, callback);
  }

  #lookAgainAndAgain(record: ProcessRecord, callback: (exit: ProcessExit) => void): () => void {
    let cancel: () => void = () => {};
    const look = (): void => {
      if (this.isRunning(record)) cancel = this.#clock.after(watchMs, look);
      else callback({});
    };
    cancel = this.#clock.after(0, look);
    return () => cancel();
  }

  #signal(record: ProcessRecord, target: number, signal: NodeJS.Signals): void {
    if (!this.isRunning(record)) return;
    try {
      process.kill(target, signal);
    } catch (thrown) {
      if (!isGone(thrown)) throw thrown;
    }
  }

  async #isGone(record: ProcessRecord, withinMs: number): Promise<boolean> {
    const deadline = this.#clock.monotonic() + withinMs;
    while (this.isRunning(record)) {
      if (this.#clock.monotonic() >= deadline) return false;
      await new Promise<void>((resolve) => void this.#clock.after(pollMs, resolve));
    }
    return true;
  }
}

function isGone(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH';
}

async function spawned({ command, args, env, logFile, inherited }: ProcessCommand): Promise<ChildProcess> {
  const log = openLog(logFile);
  const more = inherited === undefined ? [] : [inherited];
  try {
    const child = spawn(command, args, { env, detached: true, stdio: ['ignore', log, log, ...more] });
    if (child.pid !== undefined) return child;
    throw startFailed(command, await new Promise<Error>((resolve) => void child.once('error', resolve)));
  } finally {
    closeSync(log);
  }
}

function openLog(path: string): number {
  try {
    const fd = openSync(path, 'a', 0o600);
    fchmodSync(fd, 0o600);
    return fd;
  } catch (cause) {
    throw startFailed(`its log ${path}`, cause);
  }
}

function startFailed(what: string, cause: unknown): WeftError {
  const message = `cannot start ${what}: ${messageOf(cause)}`;
  return new WeftError('process-start-failed', message, { cause, fault: 'environment' });
}
