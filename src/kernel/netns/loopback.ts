import { libc, syscall } from '../libc.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM } from '../libc-constants.ts';

// struct ifreq (linux/if.h): 16 bytes of name, then the flags in a union of 24.
const ifreqSize = 40;
const flagsOffset = 16;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;

/** Sets `lo` of the namespace this thread is in up: it gets 127.0.0.1 and ::1. Throws `SyscallError`. */
export function setLoopbackUp(): void {
  const request = Buffer.alloc(ifreqSize);
  request.write('lo');
  request.writeUInt16LE(IFF_UP, flagsOffset);
  const fd = syscall('socket', () => libc().socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  try {
    syscall('ioctl', () => libc().ioctl(fd, SIOCSIFFLAGS, request));
  } finally {
    libc().close(fd);
  }
}
