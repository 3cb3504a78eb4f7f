import { libc, SyscallError, syscall } from '../libc.ts';
import type { Poller } from '../poll/port.ts';
import { SYS_pidfd_open } from './pidfd.ts';

/**
 * Calls back once when a process that is not a child ends, at once and without looking again and again. The returned
 * function ends the watch. Undefined where there is no such process, or the kernel has no pidfd (before 5.3).
 */
export type ExitWatch = (pid: number, ended: () => void) => (() => void) | undefined;

/** Watches by pidfd_open(2), with a poller that stays the caller's. */
export function createExitWatch(poller: Poller): ExitWatch {
  return (pid, ended) => {
    const fd = openPidfd(pid);
    if (fd === undefined) return undefined;
    let isOpen = true;
    const close = (): void => {
      if (!isOpen) return;
      isOpen = false;
      poller.remove(fd);
      libc().close(fd);
    };
    poller.addOnce(fd, () => {
      close();
      ended();
    });
    return close;
  };
}

function openPidfd(pid: number): number | undefined {
  try {
    return syscall('pidfd_open', () => libc().syscall(SYS_pidfd_open, pid, 0, 0));
  } catch (error) {
    if (error instanceof SyscallError && ['ESRCH', 'EINVAL', 'ENOSYS'].includes(error.errnoName))
      return undefined;
    throw error;
  }
}
