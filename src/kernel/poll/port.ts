/**
 * One worker thread that waits for kernel sockets Node refuses to poll (netlink, packet). It reads each
 * readable descriptor until it is empty and posts the datagrams to the main thread.
 */
export interface Poller {
  /**
   * Starts reading `fd`; the descriptor stays the caller's. `from` is the sender's IP address, where it has one.
   * `overrun` counts ENOBUFS.
   */
  add(fd: number, handlers: { message(datagram: Uint8Array, from?: string): void; overrun?(): void }): void;
  /** Stops reading; to be called before the descriptor is closed. */
  remove(fd: number): void;
  close(): Promise<void>;
}
