import { lstatSync, mkdirSync, statfsSync } from 'node:fs';
import { messageOf, WeftError } from '../lib/errors.ts';

const refusals: readonly string[] = ['EROFS', 'ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EMFILE', 'ENFILE'];

/** Runs what writes below the run directory. Throws `run-directory` where that takes no files. */
export function inRunDirectory<T>(directory: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw runDirectoryError(directory, error);
  }
}

/** The error for what a write below the run directory threw; other errors stay as they are. */
export function runDirectoryError(directory: string, cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (typeof code !== 'string' || !refusals.includes(code)) return cause;
  return new WeftError('run-directory', `${directory} takes no files: ${messageOf(cause)}`, {
    cause,
    fault: 'environment',
    hint: 'It must be writable and have room: some 10 MB and 20 kB for every pod.',
  });
}

/**
 * Makes the directory of all labs where it is not there. Throws `run-directory` when it is somebody else's, or only looks
 * like one: in /tmp, anybody could have put it there.
 */
export function makeOwnDirectory(directory: string): void {
  inRunDirectory(directory, () => mkdirSync(directory, { recursive: true, mode: 0o700 }));
  const found = lstatSync(directory);
  if (found.isDirectory() && found.uid === process.geteuid?.()) return;
  throw new WeftError('run-directory', `${directory} is not a directory of this user`, {
    fault: 'environment',
    hint: 'Choose another one with WEFT_RUN_DIRECTORY.',
  });
}

const leastBytes = 10 * 1024 * 1024;

/** Throws `run-directory` when it has no room for a lab: a full disk would be found out only bit by bit. */
export function requireRoom(directory: string): void {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize >= leastBytes) return;
  throw new WeftError(
    'run-directory',
    `${directory} is full: ${Math.floor((bavail * bsize) / 1024)} kB are left`,
    {
      fault: 'environment',
      hint: 'A lab takes some 10 MB and 20 kB for every pod: make room.',
    },
  );
}
