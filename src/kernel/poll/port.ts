/**
 * One worker thread that waits for kernel sockets Node refuses to poll (netlink, packet). It reads each
 * readable descriptor until it is empty and posts the datagrams to the main thread.
 */
export interface Poller {
  /**
   * Starts reading `fd`; the descriptor stays the caller's. `from` is absent where the sender has no IP address.
   * `overrun` counts ENOBUFS.
   */
  add(fd: number, handlers: { message(datagram: Uint8Array, from?: Sender): void; overrun?(): void }): void;
  /**
   * Calls back once when `fd`, which is no socket but can be polled (a pidfd), is ready. Nothing is read from it; the
   * descriptor stays the caller's, and it does not keep the process alive.
   */
  addOnce(fd: number, ready: () => void): void;
  /**
   * Calls back once when everything that was there to be read at the time of the call has been given to its handlers:
   * reading it may be late for reasons that nobody here sees. Never after `close`.
   */
  caughtUp(callback: () => void): void;
  /** Stops reading; to be called before the descriptor is closed. */
  remove(fd: number): void;
  close(): Promise<void>;
}

/** Who sent a datagram; of raw sockets the port is 0. */
export interface Sender {
  readonly address: string;
  readonly port: number;
  /** The address that it was sent to, of sockets that tell it (`ListenOptions.tellsAsked`). */
  readonly asked?: string;
}
