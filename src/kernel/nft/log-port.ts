/** A packet that a `log group` rule sent to user space. */
export interface LoggedPacket {
  /** The pin's name of the namespace that logged it. */
  readonly namespace: string;
  /** The rule's `prefix`. */
  readonly prefix: string;
  /** Packet mark at that rule; 0 when none. */
  readonly mark: number;
  /** The packet from its network header on, cut to the copy range. */
  readonly payload: Uint8Array;
}

/** Reads NFLOG groups of many namespaces through one waiting thread. */
export interface PacketLog {
  /**
   * Subscribes to a group inside a namespace. Idempotent. Throws `log-taken` when another process (or another log)
   * reads the group, `netns-missing` when there is no namespace.
   */
  listen(namespace: string, group: number): void;
  /** Ends the namespace's subscriptions. */
  forget(namespace: string): void;
  /** Called for every packet, in the order of arrival per namespace. One callback; the last one set counts. */
  onPacket(callback: (packet: LoggedPacket) => void): void;
  /** Times the kernel dropped packets because a socket's buffer was full, since start. */
  readonly overruns: number;
  /** Ends all subscriptions. */
  close(): Promise<void>;
}
