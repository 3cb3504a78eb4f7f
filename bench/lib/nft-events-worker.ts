import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { libc, syscall, SyscallError } from '../../src/kernel/libc.ts';
import { MSG_DONTWAIT } from '../../src/kernel/libc-constants.ts';
import { decodeEpollEvent, epollEventSize } from '../../src/kernel/poll/epoll-event.ts';

/** A datagram of a socket, and when this thread was told that it is there, by `process.hrtime`. */
export interface Announced {
  readonly fd: number;
  readonly at: bigint;
  readonly bytes: Uint8Array;
}

/** Registration of the eventfd that ends this thread. */
export const endId = 0;

const mostEvents = 16;
const events = Buffer.alloc(mostEvents * epollEventSize);
const buffer = Buffer.alloc(64 * 1024);

/** Undefined when the socket has nothing more; throws when the kernel had to drop something. */
function receive(fd: number): Uint8Array | undefined {
  try {
    const length = syscall('recv', () => libc().recv(fd, buffer, buffer.length, MSG_DONTWAIT));
    return new Uint8Array(buffer.subarray(0, length));
  } catch (error) {
    if (error instanceof SyscallError && error.errnoName === 'EAGAIN') return undefined;
    throw error;
  }
}

/** Does nothing but wait: the time that it tells is no other thread's. */
function run(epoll: number, port: MessagePort): void {
  for (;;) {
    const count = syscall('epoll_wait', () => libc().epoll_wait(epoll, events, mostEvents, -1));
    const at = process.hrtime.bigint();
    for (let index = 0; index < count; index++) {
      const { fd, id } = decodeEpollEvent(events, index);
      if (id === endId) return;
      for (let bytes = receive(fd); bytes !== undefined; bytes = receive(fd)) {
        port.postMessage({ fd, at, bytes } satisfies Announced);
      }
    }
  }
}

if (parentPort !== null) run(workerData as number, parentPort);
