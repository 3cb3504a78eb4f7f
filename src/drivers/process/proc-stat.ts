import { readFileSync } from 'node:fs';

export interface ProcStat {
  /** `R`, `S`, `Z` and so on. */
  readonly state: string;
  /** Clock ticks after boot. */
  readonly startTime: number;
}

/** Fields 3 and 22 of /proc/PID/stat; undefined when there is no such process. */
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
  return { state, startTime };
}
