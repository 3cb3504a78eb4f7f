import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { longestBackup } from '../apiserver/backup/backup.ts';
import type { Restored } from '../apiserver/store/port.ts';
import { messageOf, WeftError } from '../lib/errors.ts';
import { rpcCall } from '../lib/rpc-client.ts';
import type { LabPaths } from './paths.ts';

/** What is in a backup that was written. */
export interface BackedUp {
  readonly objects: number;
  readonly bytes: number;
}

/**
 * Writes all objects of a running lab at one version into a file of mode 0600; what was there stays until the new one is
 * whole and on the disk. Throws `backup-file`, and as `rpcCall`.
 */
export async function backUpLab(paths: LabPaths, file: string): Promise<BackedUp> {
  const { backup } = (await rpcCall(paths.socket('control'), 'POST', '/backup')) as { backup: string };
  withFile(file, () => writeDurably(file, backup));
  // A line for each, and one before and after them.
  return { objects: backup.split('\n').length - 3, bytes: Buffer.byteLength(backup) };
}

/** Makes the objects of a running lab those of a file. Throws `backup-file`, and what the lab says against it. */
export async function restoreLab(paths: LabPaths, file: string): Promise<Restored> {
  const backup = withFile(file, () => readBounded(file));
  return (await rpcCall(paths.socket('control'), 'POST', '/restore', { backup })) as Restored;
}

function writeDurably(file: string, text: string): void {
  const draft = `${file}.${process.pid}.tmp`;
  rmSync(draft, { force: true });
  const fd = openSync(draft, 'wx', 0o600);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}

function readBounded(file: string): string {
  const fd = openSync(file, 'r');
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error('not a file');
    if (stat.size > longestBackup * 2) throw new Error('too large for a backup');
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

function withFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new WeftError('backup-file', `${file}: ${messageOf(cause)}`, { cause, fault: 'input' });
  }
}
