import { access } from 'node:fs';
import { libc, syscall, syscallUnless } from '../libc.ts';
import { CLONE_NEWNET, O_CLOEXEC, O_RDONLY } from '../libc-constants.ts';

/*
 * The network namespace of this thread. It is the thread's, not any object's, so its bookkeeping is kept per
 * module, which is per thread: workers load modules of their own.
 */
let home: number | undefined;
let current: number | undefined;

/**
 * Runs `fn` in the namespace open at `fd` and goes back to where this thread was, be that another namespace.
 * Throws `SyscallError` when the kernel refuses to go in; whatever `fn` throws otherwise.
 */
export function insideDescriptor<T>(fd: number, fn: () => T): T {
  const enter = (): void => {
    syscall('setns', () => libc().setns(fd, CLONE_NEWNET));
    current = fd;
  };
  return withReturn(enter, fn);
}

/**
 * Makes a new namespace, runs `fn` in it and goes back. The namespace is freed unless `fn` pinned it or keeps a
 * descriptor of it. Throws `SyscallError` when the kernel refuses.
 */
export function insideNew<T>(fn: () => T): T {
  return withReturn(() => void syscall('unshare', () => libc().unshare(CLONE_NEWNET)), fn);
}

/** Where /proc shows the namespace this thread is in. (`/proc/self` would show the main thread's.) */
export const threadNamespacePath = '/proc/thread-self/ns/net';

/**
 * Whether a thread that leaves the namespace it is in may enter it again: its owner must be the user namespace of this
 * process, or one inside that. Not so for root of a user namespace that was made without a network namespace.
 */
export function mayComeBack(): boolean {
  const here = syscall('open', () => libc().open(threadNamespacePath, O_RDONLY | O_CLOEXEC, 0));
  try {
    return syscallUnless(['EPERM'], 'setns', () => libc().setns(here, CLONE_NEWNET)) === 0;
  } finally {
    libc().close(here);
  }
}

function withReturn<T>(enter: () => void, fn: () => T): T {
  home ??= rememberHome();
  const back = current ?? home;
  const before = current;
  enter();
  try {
    return fn();
  } finally {
    returnTo(back);
    current = before;
  }
}

function rememberHome(): number {
  warmThreadPool();
  return syscall('open', () => libc().open(threadNamespacePath, O_RDONLY | O_CLOEXEC, 0));
}

/**
 * The pool starts all its threads with its first work, as copies of this thread: inside a namespace they would
 * stay there for good. `access` is always the pool's work; other fs calls may go through io_uring.
 */
function warmThreadPool(): void {
  access('/', () => {});
}

function returnTo(fd: number): void {
  try {
    syscall('setns', () => libc().setns(fd, CLONE_NEWNET));
  } catch (error) {
    // Going on would do to the wrong network whatever comes next. Nothing but memory exhaustion leads here.
    console.error('cannot leave a network namespace', error);
    process.abort();
  }
}
