import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { ProcessRecord } from '../drivers/process/port.ts';

/** The long-running roles of a lab. */
export type RoleName = 'holder' | 'control' | 'agents' | 'dns';

export const roleNames = ['holder', 'control', 'agents', 'dns'] as const satisfies readonly RoleName[];

/** A process of a lab, as it is written down. */
export interface RecordedProcess extends ProcessRecord {
  /** How many processes of its role there were in this lab before it; none when absent. */
  readonly restarts?: number;
}

export type ProcessFile = Readonly<Partial<Record<RoleName, RecordedProcess>>>;

/** The record of a role's process, after the one that was recorded before. */
export function succeed(
  before: RecordedProcess | undefined,
  { pid, startTime }: ProcessRecord,
): RecordedProcess {
  if (before === undefined) return { pid, startTime };
  const isSame = before.pid === pid && before.startTime === startTime;
  const restarts = (before.restarts ?? 0) + (isSame ? 0 : 1);
  return { pid, startTime, ...(restarts > 0 && { restarts }) };
}

/** The processes that a lab's run directory names; none when the file is missing or was cut short. */
export function readProcessFile(path: string): ProcessFile {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessFile;
  } catch {
    return {};
  }
}

/** Replaces the file as a whole: a reader sees the old one or the new one. */
export function writeProcessFile(path: string, records: ProcessFile): void {
  writeFileSync(`${path}.new`, JSON.stringify(records), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
