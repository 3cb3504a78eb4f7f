import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';
import { WeftError } from '../lib/errors.ts';
import { errnoName } from './libc-errno.ts';

/** Memory handed to the kernel: bytes, the address of bytes, or NULL. */
export type Memory = Uint8Array | bigint | null;

/**
 * The libc functions Weft calls, with their C meaning: -1 is an error whose errno `syscall` picks up. All are
 * synchronous. Lengths are bytes; `timeoutMs` of -1 waits forever.
 */
export interface Libc {
  setns(fd: number, type: number): number;
  unshare(flags: number): number;
  mount(
    source: string | null,
    target: string,
    type: string | null,
    flags: number,
    data: string | null,
  ): number;
  umount2(target: string, flags: number): number;
  open(path: string, flags: number, mode: number): number;
  close(fd: number): number;
  read(fd: number, into: Memory, length: number): number;
  write(fd: number, from: Memory, length: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  ioctl(fd: number, request: number, argument: Memory): number;
  statfs(path: string, into: Memory): number;
  fstatfs(fd: number, into: Memory): number;
  flock(fd: number, operation: number): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Memory, length: number): number;
  connect(fd: number, address: Memory, length: number): number;
  listen(fd: number, backlog: number): number;
  accept4(fd: number, address: Memory, lengthInOut: Memory, flags: number): number;
  shutdown(fd: number, how: number): number;
  getsockname(fd: number, address: Memory, lengthInOut: Memory): number;
  getpeername(fd: number, address: Memory, lengthInOut: Memory): number;
  setsockopt(fd: number, level: number, option: number, value: Memory, length: number): number;
  getsockopt(fd: number, level: number, option: number, value: Memory, lengthInOut: Memory): number;
  send(fd: number, from: Memory, length: number, flags: number): number;
  recv(fd: number, into: Memory, length: number, flags: number): number;
  sendto(
    fd: number,
    from: Memory,
    length: number,
    flags: number,
    address: Memory,
    addressLength: number,
  ): number;
  recvfrom(
    fd: number,
    into: Memory,
    length: number,
    flags: number,
    address: Memory,
    addressLengthInOut: Memory,
  ): number;
  /** `header` is a `struct msghdr`; `libc-message.ts` builds one. */
  sendmsg(fd: number, header: Memory, flags: number): number;
  recvmsg(fd: number, header: Memory, flags: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: Memory): number;
  epoll_wait(epoll: number, events: Memory, count: number, timeoutMs: number): number;
  eventfd(initial: number, flags: number): number;
  /** `limit` and `old` are `struct rlimit`: two 64-bit words, soft and hard. */
  prlimit(pid: number, resource: number, limit: Memory, old: Memory): number;
  getrlimit(resource: number, limit: Memory): number;
  setrlimit(resource: number, limit: Memory): number;
  /** Any system call of three numbers or fewer, for those that an older glibc has no function for. */
  syscall(number: number, first: number, second: number, third: number): number;
}

/*
 * C prototypes. `long` stands for ssize_t, which koffi does not know. Variadic functions are declared with the
 * arguments Weft passes: x86-64 and arm64 Linux pass those the same way.
 */
const prototypes = {
  setns: 'int setns(int, int)',
  unshare: 'int unshare(int)',
  mount: 'int mount(const char *, const char *, const char *, unsigned long, const char *)',
  umount2: 'int umount2(const char *, int)',
  open: 'int open(const char *, int, unsigned int)',
  close: 'int close(int)',
  read: 'long read(int, void *, size_t)',
  write: 'long write(int, const void *, size_t)',
  fcntl: 'int fcntl(int, int, long)',
  ioctl: 'int ioctl(int, unsigned long, void *)',
  statfs: 'int statfs(const char *, void *)',
  fstatfs: 'int fstatfs(int, void *)',
  flock: 'int flock(int, int)',
  socket: 'int socket(int, int, int)',
  bind: 'int bind(int, const void *, uint32_t)',
  connect: 'int connect(int, const void *, uint32_t)',
  listen: 'int listen(int, int)',
  accept4: 'int accept4(int, void *, void *, int)',
  shutdown: 'int shutdown(int, int)',
  getsockname: 'int getsockname(int, void *, void *)',
  getpeername: 'int getpeername(int, void *, void *)',
  setsockopt: 'int setsockopt(int, int, int, const void *, uint32_t)',
  getsockopt: 'int getsockopt(int, int, int, void *, void *)',
  send: 'long send(int, const void *, size_t, int)',
  recv: 'long recv(int, void *, size_t, int)',
  sendto: 'long sendto(int, const void *, size_t, int, const void *, uint32_t)',
  recvfrom: 'long recvfrom(int, void *, size_t, int, void *, void *)',
  sendmsg: 'long sendmsg(int, const void *, int)',
  recvmsg: 'long recvmsg(int, void *, int)',
  epoll_create1: 'int epoll_create1(int)',
  epoll_ctl: 'int epoll_ctl(int, int, int, void *)',
  epoll_wait: 'int epoll_wait(int, void *, int, int)',
  eventfd: 'int eventfd(unsigned int, int)',
  prlimit: 'int prlimit(int, int, const void *, void *)',
  getrlimit: 'int getrlimit(int, void *)',
  setrlimit: 'int setrlimit(int, const void *)',
  syscall: 'long syscall(long, long, long, long)',
} as const satisfies Record<keyof Libc, string>;

let koffi: typeof Koffi | undefined;
let bound: Libc | undefined;

/** koffi itself, loaded on first use: it costs 10 ms, which commands that never touch the kernel save. */
export function loadKoffi(): typeof Koffi {
  koffi ??= createRequire(import.meta.url)('koffi') as typeof Koffi;
  return koffi;
}

/** The C library, loaded and bound on first use. Throws `libc-missing` when there is no glibc to load. */
export function libc(): Libc {
  bound ??= bind();
  return bound;
}

function bind(): Libc {
  try {
    const library = loadKoffi().load('libc.so.6');
    const entries = Object.entries(prototypes).map(([name, prototype]) => [name, library.func(prototype)]);
    return Object.fromEntries(entries) as Libc;
  } catch (cause) {
    const hint = 'Weft runs on Linux with glibc, on x86-64 and arm64.';
    throw new WeftError('libc-missing', 'cannot load libc.so.6', { cause, hint, fault: 'environment' });
  }
}

/** Where the bytes are. They must stay referenced, by a variable used later, as long as the kernel may use them. */
export function addressOf(bytes: Uint8Array): bigint {
  return loadKoffi().address(bytes);
}

/** A system call that failed; `code` is `syscall-failed` unless the caller chose a better one. */
export class SyscallError extends WeftError {
  readonly syscall: string;
  /** Positive number, as in errno(3). */
  readonly errno: number;
  /** Symbolic, such as `EEXIST`. */
  readonly errnoName: string;

  constructor(syscall: string, errno: number) {
    super('syscall-failed', `${syscall}: ${errnoName(errno)}`, { fault: 'environment' });
    this.name = 'SyscallError';
    this.syscall = syscall;
    this.errno = errno;
    this.errnoName = errnoName(errno);
  }
}

/**
 * Calls `fn`, which makes one libc call and returns its result: `syscall('bind', () => libc().bind(...))`.
 * Throws `SyscallError` on -1. EINTR is retried, except for `close`, which must not be.
 */
export function syscall(name: string, fn: () => number): number {
  const result = call(name, fn);
  if (result < 0) throw new SyscallError(name, -result);
  return result;
}

/**
 * Like `syscall`, but returns undefined for the errnos named in `expected`: `EAGAIN` of a non-blocking read,
 * say.
 */
export function syscallUnless(
  expected: readonly string[],
  name: string,
  fn: () => number,
): number | undefined {
  const result = call(name, fn);
  if (result >= 0) return result;
  // What is expected comes thousands of times a second: an error object, with its stack, would cost more than the call.
  if (expected.includes(errnoName(-result))) return undefined;
  throw new SyscallError(name, -result);
}

/** As `syscall`, but a failure is returned: the negative errno. */
function call(name: string, fn: () => number): number {
  for (;;) {
    const result = fn();
    if (result !== -1) return result;
    // Read at once: anything in between, even an allocation, may make a system call of its own.
    const errno = loadKoffi().errno();
    if (errno !== EINTR || name === 'close') return -errno;
  }
}

const EINTR = 4;
