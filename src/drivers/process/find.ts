import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { FoundProcess } from './port.ts';
import { isUserProcess, readProcStat } from './proc-stat.ts';

/** A process has no command line for some microseconds, while exec gives it another memory; then it is read again. */
const execMs = 1;
const execTries = 50;

/** Looks through /proc for processes of this user by their command line; kernel threads and zombies have none. */
export function findProcesses(matches: (args: readonly string[]) => boolean): FoundProcess[] {
  const uid = process.geteuid?.();
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const args = commandLineOf(name);
      if (args === undefined || !matches(args) || ownerOf(name) !== uid) return [];
      const startTime = readProcStat(Number(name))?.startTime;
      return startTime === undefined ? [] : [{ record: { pid: Number(name), startTime }, args }];
    });
}

function commandLineOf(pid: string): string[] | undefined {
  for (let attempt = 0; attempt < execTries; attempt += 1) {
    const args = readCommandLine(pid);
    if (args === undefined || args.length > 0 || !isUserProcess(Number(pid))) return args;
    Atomics.wait(pause, 0, 0, execMs);
  }
  return undefined;
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Arguments end with NUL each, proc(5). */
function readCommandLine(pid: string): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    // It ended between listing and reading.
    return undefined;
  }
}

function ownerOf(pid: string): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
}
