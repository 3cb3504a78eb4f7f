import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { ProcessRecord } from '../drivers/process/port.ts';

/** The long-running roles of a lab. */
export type RoleName = 'holder' | 'control' | 'agents' | 'dns';

export type ProcessFile = Readonly<Partial<Record<RoleName, ProcessRecord>>>;

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
