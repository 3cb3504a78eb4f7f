import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { WeftError } from '../../lib/errors.ts';

/** Makes a directory that only its owner can enter. */
export function makePrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** The file's text; undefined when there is none. */
export function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (isErrno(thrown, 'ENOENT')) return undefined;
    throw new WeftError('credentials-unreadable', `cannot read ${path}`, {
      cause: thrown,
      fault: 'environment',
    });
  }
}

/** Writes a file of mode 0600 so that others see the old text or the new, never a part. */
export function writePrivate(path: string, text: string): void {
  const draft = `${path}.${process.pid}.tmp`;
  // Left by a process of the same number that died here.
  rmSync(draft, { force: true });
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx' });
  renameSync(draft, path);
}

function isErrno(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}
