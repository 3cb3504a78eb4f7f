/**
 * Tells when somebody else changed a network namespace: took a link, an address or a route away, set a link down, or
 * committed anything to nftables. What this process did itself is left out, in the kernel where it can be.
 */
export interface DriftWatch {
  /**
   * Listens in the namespace from now on; with `peers` also to those that a link of it leads into, such as a node's
   * pods. Throws `netns-missing`, `SyscallError`. Does nothing when it does already.
   */
  watch(namespace: string, options?: WatchOptions): void;
  /**
   * Called in a later turn of the event loop; once for many changes that come together. It may be told of changes that
   * are none: whoever listens compares.
   */
  onDrift(callback: (drift: Drift) => void): void;
  forget(namespace: string): void;
  close(): void;
}

export interface WatchOptions {
  readonly peers?: boolean;
}

export interface Drift {
  readonly namespace: string;
  /**
   * `links`: links, addresses, routes, neighbours. `rules`: nftables. `peers`: links and so on in a namespace that this
   * one has a link into, or in itself; the kernel's own are left out, for it takes apart what goes.
   */
  readonly of: 'links' | 'rules' | 'peers';
}
