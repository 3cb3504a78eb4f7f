/** One direction of a tracked connection. Ports are 0 for protocols without them. */
export interface ConntrackTuple {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** What stands for ports in `icmp`. */
  readonly icmp?: { readonly identifier: number; readonly type: number; readonly code: number };
}

/** A tracked connection: `original` as the client sent it, `reply` as the server answers it (after NAT). */
export interface ConntrackEntry {
  /**
   * The kernel's number of the entry: `delete` spares another one with the same tuple. It is made from the entry's
   * place in memory, so that a successor has the same number now and then.
   */
  readonly id?: number;
  /** `icmp` is ICMPv6 in family ip6. */
  readonly protocol: 'tcp' | 'udp' | 'sctp' | 'icmp' | 'other';
  readonly original: ConntrackTuple;
  readonly reply: ConntrackTuple;
  readonly mark: number;
  /** IPS_* bits of linux/netfilter/nf_conntrack_common.h. */
  readonly status: number;
}

/** The bits of `mask` become those of `value`; `value`'s others mean nothing. */
export interface MarkChange {
  readonly value: number;
  readonly mask: number;
}

/**
 * Connection tracking of pinned namespaces (ctnetlink). Synchronous. Entries of protocol `other` can be listed
 * only: `setMark`, `setMarks` and `delete` throw `conntrack-unsupported`. Throws `netns-missing` when there is no namespace.
 */
export interface Conntrack {
  /** All entries of a family, in no order. */
  list(namespace: string, family: 'ip' | 'ip6'): ConntrackEntry[];
  /**
   * The same, each made out when it is come to, which takes most of the time: for who may stop in between. As they were
   * at the first.
   */
  scan(namespace: string, family: 'ip' | 'ip6'): Iterable<ConntrackEntry>;
  /** Sets the bits of `mask` in the entry's mark to those of `mark`. False when the entry is gone. */
  setMark(namespace: string, entry: ConntrackEntry, mark: MarkChange): boolean;
  /** The same of many, which costs a fraction of one by one. Returns how many of them were still there. */
  setMarks(namespace: string, entries: readonly ConntrackEntry[], mark: MarkChange): number;
  /** False when the entry was gone already. */
  delete(namespace: string, entry: ConntrackEntry): boolean;
  forget(namespace: string): void;
  close(): void;
}
