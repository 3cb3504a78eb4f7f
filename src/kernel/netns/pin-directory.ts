import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { libc, syscall } from '../libc.ts';
import { MS_NODEV, MS_NOEXEC, MS_NOSUID } from '../libc-constants.ts';

/** A pin takes one; a directory entry each, and no data. */
const mostFiles = 200_000;

/**
 * Mounts memory where the pins of this mount namespace are to be: on a disk each pin, which is an empty file, costs
 * milliseconds. It goes with the mount namespace, as the pins do. Does nothing where an earlier process has done it.
 * Throws `SyscallError`.
 */
export function keepPinsInMemory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (statSync(directory).dev !== statSync(dirname(directory)).dev) return;
  const flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  const options = `mode=0700,size=1m,nr_inodes=${mostFiles}`;
  syscall('mount', () => libc().mount('weft', directory, 'tmpfs', flags, options));
}
