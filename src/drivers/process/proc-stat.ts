import { readFileSync } from 'node:fs';

export interface ProcStat {
  /** `R`, `S`, `Z` and so on. */
  readonly state: string;
  /** Clock ticks after boot. */
  readonly startTime: number;
  /** Of `PF_` in the kernel's sched.h. */
  readonly flags: number;
}

const kernelThread = 0x00200000;

/** Fields 3, 9 and 22 of /proc/PID/stat; undefined when there is no such process. */
export function readProcStat(pid: number): ProcStat | undefined {
  try {
    return parseProcStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    // ENOENT, or ESRCH when it ends in between: there is none.
    return undefined;
  }
}

/** Parses a stat line. The command's name, field 2, may hold anything, so fields count from its last parenthesis. */
export function parseProcStat(line: string): ProcStat | undefined {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const startTime = Number(fields[19]);
  if (!line.includes(')') || state === undefined || state === '' || !Number.isInteger(startTime))
    return undefined;
  return { state, startTime, flags: Number(fields[6]) };
}

/** Whether it has, or is just getting, memory of its own: neither a kernel thread nor ended. */
export function isUserProcess(pid: number): boolean {
  const stat = readProcStat(pid);
  return stat !== undefined && (stat.flags & kernelThread) === 0 && stat.state !== 'Z' && stat.state !== 'X';
}
