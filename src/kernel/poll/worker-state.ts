import type { Sender } from './port.ts';

/** Words of the memory that the poller and its worker share. */
export const stateWords = {
  /** 1 while one of the two uses the epoll instance's descriptors. */
  lock: 0,
  /** 1 once the worker is to end. */
  stopping: 1,
  /** Bytes posted to the main thread and not handled there yet. */
  pending: 2,
  /** How often the main thread has asked to be told when everything is read. */
  asked: 3,
} as const;

/** Registration of the eventfd that wakes the worker up. */
export const wakeId = 0;

/** Takes the lock, waiting for the other thread to give it back. */
export function lock(state: Int32Array): void {
  while (Atomics.compareExchange(state, stateWords.lock, 0, 1) !== 0) Atomics.wait(state, stateWords.lock, 1);
}

export function unlock(state: Int32Array): void {
  Atomics.store(state, stateWords.lock, 0);
  Atomics.notify(state, stateWords.lock, 1);
}

/** What the worker is started with. */
export interface WorkerData {
  readonly epoll: number;
  readonly state: Int32Array;
}

/** What one round of reading found, of any number of descriptors. */
export interface Round {
  /**
   * Of each datagram: the registration it belongs to, its length and the sender; they lie back to back in `bytes`.
   */
  readonly datagrams: readonly {
    readonly id: number;
    readonly length: number;
    readonly from: Sender | undefined;
  }[];
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Registrations whose socket lost datagrams (ENOBUFS). */
  readonly overruns: readonly number[];
  /** Registrations of what is no socket and is ready; each is told once. */
  readonly ready: readonly number[];
  /** Everything is read that was there when the main thread asked for so many times. */
  readonly caughtUp: number;
}
