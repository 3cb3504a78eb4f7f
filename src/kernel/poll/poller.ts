import { Worker } from 'node:worker_threads';
import { WeftError } from '../../lib/errors.ts';
import { libc, syscall, syscallUnless } from '../libc.ts';
import {
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLLIN,
} from '../libc-constants.ts';
import { encodeEpollEvent } from './epoll-event.ts';
import type { Poller } from './port.ts';
import { lock, stateWords, unlock, wakeId, type Round, type WorkerData } from './worker-state.ts';

type Handlers = Parameters<Poller['add']>[1];

/**
 * Starts the worker at once, so that it lives in this thread's namespaces: call it before anything goes `inside` one.
 * The poller keeps the process alive while it reads something.
 */
export function createPoller(): Poller {
  const epoll = syscall('epoll_create1', () => libc().epoll_create1(EPOLL_CLOEXEC));
  const wake = syscall('eventfd', () => libc().eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  control(epoll, EPOLL_CTL_ADD, { fd: wake, id: wakeId });
  const state = new Int32Array(
    new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * Object.keys(stateWords).length),
  );
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: { epoll, state } satisfies WorkerData,
    execArgv: [],
    name: 'weft-poller',
  });
  return new WorkerPoller({ epoll, wake, state, worker });
}

interface Parts {
  readonly epoll: number;
  readonly wake: number;
  readonly state: Int32Array<SharedArrayBuffer>;
  readonly worker: Worker;
}

class WorkerPoller implements Poller {
  readonly #parts: Parts;
  readonly #registrations = new Map<number, Handlers>();
  readonly #ids = new Map<number, number>();
  /** Descriptors that were added with `addOnce`, by registration. */
  readonly #once = new Map<number, () => void>();
  /** Waiting until everything is read, in the order in which they asked; and how many have been answered. */
  #waiting: (() => void)[] = [];
  #answered = 0;
  readonly #exited: Promise<void>;
  readonly #wakeUp = (): void => this.#stopWorker();
  #lastId: number = wakeId;
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { worker } = parts;
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()));
    worker.on('message', (round: Round) => this.#deliver(round));
    worker.unref();
    // A thread that blocks in the kernel would keep `process.exit` from ending.
    process.once('exit', this.#wakeUp);
  }

  add(fd: number, handlers: Handlers): void {
    this.#registrations.set(this.#register(fd), handlers);
    this.#keepAlive();
  }

  addOnce(fd: number, ready: () => void): void {
    this.#once.set(this.#register(fd), ready);
  }

  caughtUp(callback: () => void): void {
    this.#waiting.push(callback);
    Atomics.add(this.#parts.state, stateWords.asked, 1);
    this.#wakeWorker();
  }

  remove(fd: number): void {
    const id = this.#ids.get(fd);
    if (id === undefined) return;
    this.#ids.delete(fd);
    this.#registrations.delete(id);
    this.#once.delete(id);
    // Behind the lock the worker is not reading: the caller may close the descriptor when this returns.
    lock(this.#parts.state);
    try {
      control(this.#parts.epoll, EPOLL_CTL_DEL, { fd, id });
    } finally {
      unlock(this.#parts.state);
    }
    this.#keepAlive();
  }

  async close(): Promise<void> {
    const { worker, epoll, wake } = this.#parts;
    if (!this.#closed) {
      this.#closed = true;
      this.#registrations.clear();
      this.#once.clear();
      this.#waiting = [];
      this.#ids.clear();
      process.removeListener('exit', this.#wakeUp);
      // Waiting for the end must itself keep the process alive.
      worker.ref();
      this.#stopWorker();
      worker.once('exit', () => {
        libc().close(epoll);
        libc().close(wake);
      });
    }
    await this.#exited;
  }

  /** Has the worker wait for it. Returns the registration's number. */
  #register(fd: number): number {
    if (this.#closed) throw new WeftError('poller-closed', 'the poller is closed');
    if (this.#ids.has(fd)) throw new WeftError('poller-exists', `descriptor ${fd} is read already`);
    const id = this.#nextId();
    control(this.#parts.epoll, EPOLL_CTL_ADD, { fd, id });
    this.#ids.set(fd, id);
    return id;
  }

  /** As long as there are sockets to read. */
  #keepAlive(): void {
    if (this.#registrations.size > 0) this.#parts.worker.ref();
    else this.#parts.worker.unref();
  }

  #nextId(): number {
    do this.#lastId = this.#lastId === 0xffff_ffff ? wakeId + 1 : this.#lastId + 1;
    while (this.#registrations.has(this.#lastId) || this.#once.has(this.#lastId));
    return this.#lastId;
  }

  #stopWorker(): void {
    const { state } = this.#parts;
    Atomics.store(state, stateWords.stopping, 1);
    Atomics.notify(state, stateWords.pending);
    this.#wakeWorker();
  }

  #wakeWorker(): void {
    const one = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
    libc().write(this.#parts.wake, one, one.length);
  }

  /** Calls the handlers; what was read for a descriptor that has been removed meanwhile is dropped. */
  #deliver({ datagrams, bytes, overruns, ready, caughtUp }: Round): void {
    const { state } = this.#parts;
    Atomics.sub(state, stateWords.pending, bytes.length);
    Atomics.notify(state, stateWords.pending);
    let at = 0;
    for (const { id, length, from } of datagrams) {
      this.#registrations.get(id)?.message(bytes.subarray(at, at + length), from);
      at += length;
    }
    for (const id of overruns) this.#registrations.get(id)?.overrun?.();
    for (const id of ready) this.#once.get(id)?.();
    const answered = this.#waiting.splice(0, caughtUp - this.#answered);
    this.#answered = caughtUp;
    for (const callback of answered) callback();
  }
}

function control(epoll: number, operation: number, { fd, id }: { fd: number; id: number }): void {
  const event = encodeEpollEvent({ events: EPOLLIN, fd, id });
  // The worker takes away by itself what it tells of once only.
  const expected = operation === EPOLL_CTL_DEL ? ['ENOENT'] : [];
  syscallUnless(expected, 'epoll_ctl', () => libc().epoll_ctl(epoll, operation, fd, event));
}
