import { closeSync, mkdirSync, openSync, readdirSync, statfsSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { libc, syscall, syscallUnless } from '../libc.ts';
import { MNT_DETACH, MS_BIND, NSFS_MAGIC, O_CLOEXEC, O_RDONLY } from '../libc-constants.ts';
import { threadNamespacePath } from './thread.ts';

/*
 * A pin is a regular file, empty and mode 0600, with a namespace bind-mounted on it. After a crash between the
 * two steps, or a reboot, the file is there without the mount: then its file system is not nsfs (statfs), it
 * counts as absent, and the next pin of that name takes the file over.
 */

/** Whether `directory/name` holds a namespace. */
export function isPinned(directory: string, name: string): boolean {
  try {
    return statfsSync(join(directory, name)).type === NSFS_MAGIC;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/** Names of the files in `directory` that hold a namespace, sorted; none when there is no directory. */
export function listPins(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => isPinned(directory, name))
      .sort();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

/** Makes the file a pin needs, and its directory (mode 0700); what is there already stays. */
export function preparePin(directory: string, name: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  closeSync(openSync(join(directory, name), 'a', 0o600));
}

/** Pins the namespace this thread is in on the prepared file. Throws `SyscallError`. */
export function pinThreadNamespace(directory: string, name: string): void {
  pin(threadNamespacePath, join(directory, name));
}

/** Pins an open namespace on the prepared file. Throws `SyscallError`. */
export function pinOpenNamespace(fd: number, directory: string, name: string): void {
  pin(`/proc/self/fd/${fd}`, join(directory, name));
}

function pin(source: string, target: string): void {
  syscall('mount', () => libc().mount(source, target, 'none', MS_BIND, null));
}

/** An open, close-on-exec descriptor of the pinned namespace. Throws `SyscallError`. */
export function openPin(directory: string, name: string): number {
  return syscall('open', () => libc().open(join(directory, name), O_RDONLY | O_CLOEXEC, 0));
}

/** Undoes the mounts and removes the file; does nothing when neither is there. Throws `SyscallError`. */
export function removePin(directory: string, name: string): void {
  const path = join(directory, name);
  const unmount = () =>
    syscallUnless(['EINVAL', 'ENOENT'], 'umount2', () => libc().umount2(path, MNT_DETACH));
  // EINVAL: nothing is mounted there any more. More than one mount is there when others pinned it again.
  while (unmount() === 0);
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
