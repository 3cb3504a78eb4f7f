/** A network namespace that is pinned by a bind mount, so that it outlives the process that made it. */
export interface NetworkNamespace {
  /** Unique on the machine's lab; the file name of its pin. */
  readonly name: string;
  /** An open descriptor of the namespace, for `setns` and for IFLA_NET_NS_FD. */
  readonly fd: number;
}

/**
 * The pinned namespaces of one directory. Every call is synchronous: it moves this thread into a namespace and
 * back before it returns.
 */
export interface NetworkNamespaces {
  /** Makes and pins a namespace with loopback up. Throws `netns-exists` when the name is taken. */
  create(name: string): NetworkNamespace;
  /** Throws `netns-missing` when there is no such pin. Opened once, then remembered. */
  open(name: string): NetworkNamespace;
  /**
   * Closes and forgets the descriptor; the pin stays, and `open` opens it again. An open descriptor keeps the kernel
   * from freeing a namespace that another process has deleted. Does nothing when there is none.
   */
  release(name: string): void;
  /** Names of all pins that still hold a namespace. */
  list(): string[];
  /** Unpins and forgets; does nothing when there is none. The kernel frees it when no process is left inside. */
  delete(name: string): void;
  /**
   * Runs `fn` inside the namespace and returns its result; the thread is back even when it throws. `fn` must be
   * synchronous and must not open anything through Node that Node opens lazily.
   */
  inside<T>(namespace: NetworkNamespace, fn: () => T): T;
  /** Closes every descriptor; pins stay. */
  close(): void;
}

/** Keeps namespaces pinned; only for whoever alone deletes them, and would otherwise undo a deletion. */
export interface PinKeeper {
  /** Pins again the namespaces that are open here and that somebody else unpinned, as they are. Returns their names. */
  repin(): string[];
}
