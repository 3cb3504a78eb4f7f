/**
 * Tells when somebody else changed a network namespace: took a link, an address or a route away, set a link down, or
 * committed anything to nftables. What this process did itself is left out, in the kernel where it can be.
 */
export interface DriftWatch {
  /**
   * Listens to this in the namespace from now on, beside what was listened to before. While anybody of the machine
   * listens to rules, the kernel makes a message of each element of each transaction, in every namespace: what is
   * programmed first, with thousands of them, takes half as long again. Throws `netns-missing`, `SyscallError`.
   */
  watch(namespace: string, of: readonly Drift['of'][]): void;
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
  /**
   * `links`: links, addresses, routes, neighbours. `rules`: nftables. `peers`: links and so on in a namespace that this
   * one has a link into, such as a node's pods, or in itself; the kernel's own are left out, for it takes apart what goes.
   * `routes`: default routes, and those with a metric of their own, which nobody adds and deletes all the time; the
   * kernel's own are left out here, too.
   */
  readonly of: 'links' | 'rules' | 'peers' | 'routes';
}
