/** Families of nftables tables that Weft uses. */
export type NftFamily = 'ip' | 'ip6' | 'inet';

/**
 * Data types of keys and values, in nft's own words; `bytes12` is what it calls an integer of 96 bits: bytes of a packet
 * as they are (`@nh,96,96`), here in hexadecimal.
 */
export type NftType =
  | 'ipv4_addr'
  | 'ipv6_addr'
  | 'inet_proto'
  | 'inet_service'
  | 'mark'
  | 'ifname'
  | 'bytes12'
  | 'verdict';

/** One component: addresses, interface names and protocols (`tcp`) as text, ports and marks as numbers. */
export type NftValue = string | number;

/** Types of a set's key and, for a map, of its value. Declared in the skeleton text as well: they must agree. */
export interface NftSetType {
  readonly key: readonly NftType[];
  readonly value?: readonly NftType[];
  /** `flags interval`: elements may have a `keyEnd`. */
  readonly interval?: boolean;
}

export interface NftVerdict {
  readonly verdict: 'accept' | 'drop' | 'return' | 'jump' | 'goto';
  /** For jump and goto. */
  readonly chain?: string;
}

/** One element of a set, or one entry of a map. */
export interface NftElement {
  readonly key: readonly NftValue[];
  /** For interval sets: the last key covered, inclusive, component by component. Same as `key` when absent. */
  readonly keyEnd?: readonly NftValue[];
  readonly value?: readonly NftValue[] | NftVerdict;
}

export interface NftTableName {
  readonly family: NftFamily;
  readonly table: string;
}

export interface NftSetName extends NftTableName {
  readonly set: string;
}

/** One step of an element transaction. Changing a map's value is `delete` and then `add` of the same key. */
export interface NftElementChange extends NftSetName {
  readonly action: 'add' | 'delete';
  readonly type: NftSetType;
  readonly element: NftElement;
}

/** nftables of pinned namespaces. Synchronous; libnftables is called by one caller at a time by construction. */
export interface Nftables {
  /**
   * Runs nft commands (skeletons: tables, chains, rules, sets) as one transaction through libnftables. Throws
   * `nft-rejected` with nft's own message; nothing is changed then.
   */
  run(namespace: string, commands: string): void;
  /**
   * Applies element changes as one atomic nfnetlink batch, those of one set in their order. Adding what is there
   * already, value and all, does nothing; deleting looks at the key only. Throws `nft-conflict` (an element was there
   * with another value, overlaps another interval, or was missing: the mirror is out of step, list and diff
   * again), `nft-rejected`, or `nft-value` for a value its type cannot hold; nothing is changed then. Without root a
   * batch longer than the kernel takes from such a process (net.core.wmem_max twice) is applied in several.
   */
  change(namespace: string, changes: readonly NftElementChange[]): void;
  /** All elements of a set, in no order; no `keyEnd` where it equals `key`. Throws `nft-missing` when there is no such set. */
  elements(namespace: string, name: NftSetName, type: NftSetType): NftElement[];
  /**
   * Whether a set holds exactly these elements, which are told from each other by their keys. Cheaper than to list and
   * compare them. Throws `nft-missing` and `nft-value`.
   */
  holds(namespace: string, name: NftSetName, type: NftSetType, wanted: Iterable<NftElement>): boolean;
  /**
   * 32 bits over the rules of a table: the same as long as nobody adds, removes or replaces one, whatever happens to
   * elements. For tables whose rules keep no state (counters, quotas). The same for no rules and no table.
   */
  rulesDigest(namespace: string, table: NftTableName): number;
  /**
   * Number of the namespace's ruleset: another one after every transaction, whoever committed it. Undefined where the
   * kernel does not tell.
   */
  generation(namespace: string): number | undefined;
  /** Names of the tables of a family. */
  tables(namespace: string, family: NftFamily): string[];
  /** Closes the namespace's sockets and contexts. */
  forget(namespace: string): void;
  close(): void;
}
