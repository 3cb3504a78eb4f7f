/**
 * Tells when somebody else changed a network namespace: took a link, an address or a route away, set a link down, or
 * committed anything to nftables. What this process did itself is left out, in the kernel where it can be.
 */
export interface DriftWatch {
  /** Listens in the namespace from now on. Throws `netns-missing`, `SyscallError`. Does nothing when it does already. */
  watch(namespace: string): void;
  /**
   * Called in a later turn of the event loop; once for many changes that come together. It may be told of changes that
   * are none: whoever listens compares.
   */
  onDrift(callback: (drift: Drift) => void): void;
  forget(namespace: string): void;
  close(): void;
}

export interface Drift {
  readonly namespace: string;
  /** `links`: links, addresses, routes, neighbours. `rules`: nftables. */
  readonly of: 'links' | 'rules';
}
