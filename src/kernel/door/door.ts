import { libc, syscall } from '../libc.ts';
import { SYS_pidfd_getfd, SYS_pidfd_open } from '../pidfd/pidfd.ts';
import { listenHere } from '../sockets/sockets.ts';

/*
 * The door of a lab without root. Its processes live in a network namespace of their own and cannot come back to the
 * machine's: only the initial user namespace may enter that. So a socket that listens on the machine's loopback is made
 * before they start, and every process of the lab keeps it open and hands it to those it starts.
 */

/** The descriptor at which a process of such a lab has the door; it is started with it. */
export const doorDescriptor = 3;

/** Opens a door: a descriptor that listens on a free port of 127.0.0.1. Throws `socket-refused`. */
export function openDoor(): number {
  return listenHere({ protocol: 'tcp', address: '127.0.0.1', port: 0 });
}

/** A copy of the door of a running process. Throws `SyscallError`: EBADF when it has none, ESRCH when it is gone. */
export function copyDoor(pid: number): number {
  const process = syscall('pidfd_open', () => libc().syscall(SYS_pidfd_open, pid, 0, 0));
  try {
    return syscall('pidfd_getfd', () => libc().syscall(SYS_pidfd_getfd, process, doorDescriptor, 0));
  } finally {
    libc().close(process);
  }
}

export function closeDoor(fd: number): void {
  libc().close(fd);
}
