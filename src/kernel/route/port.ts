/**
 * What rtnetlink does for one network namespace, as data. Desired state is a `NamespaceState`; `plan/links`
 * compares two of them and yields operations; the adapter sends each list in one batch.
 */
export interface NamespaceState {
  /** By name. `lo` is not listed: it is always there and up. */
  readonly links: ReadonlyMap<string, Link>;
  readonly addresses: readonly LinkAddress[];
  readonly routes: readonly Route[];
  /** Besides the kernel's own; none when absent. */
  readonly rules?: readonly RoutingRule[];
  /** Permanent entries only. */
  readonly neighbours: readonly Neighbour[];
  readonly fdb: readonly FdbEntry[];
}

interface LinkBase {
  readonly name: string;
  /** Lower-case, colon-separated. The kernel chooses when absent. */
  readonly mac?: string;
  /** Bytes. */
  readonly mtu?: number;
  /** Name of the bridge this link is a port of. */
  readonly master?: string;
}

export interface VethLink extends LinkBase {
  readonly kind: 'veth';
  /** The other end: made together with this one, inside `namespace` (a pin's name). */
  readonly peer: {
    readonly name: string;
    readonly namespace: string;
    readonly mac?: string;
    readonly mtu?: number;
  };
}

/** The far end of a veth that another namespace's state makes; only its attributes are managed here. */
export interface PeerLink extends LinkBase {
  readonly kind: 'veth-peer';
}

export interface BridgeLink extends LinkBase {
  readonly kind: 'bridge';
}

export interface VxlanLink extends LinkBase {
  readonly kind: 'vxlan';
  readonly vni: number;
  /** UDP port, 4789 by IANA. */
  readonly port: number;
  readonly local: string;
  /** The link that carries it. */
  readonly device: string;
}

/** Every link is set up (IFF_UP) once made. */
export type Link = VethLink | PeerLink | BridgeLink | VxlanLink;

export interface LinkAddress {
  readonly link: string;
  /** `172.20.1.1/16` */
  readonly address: string;
}

export interface Route {
  /** `0.0.0.0/0`, `10.244.1.0/24`. */
  readonly destination: string;
  readonly link: string;
  /** Next hop; on-link delivery when absent. */
  readonly via?: string;
  /** The next hop is reachable on the link although no route says so. */
  readonly onlink?: boolean;
  /** Preferred source address. */
  readonly source?: string;
  readonly metric?: number;
  /**
   * `local`: the machine answers for these addresses itself; `blackhole`, `unreachable`, and `throw`, which ends the
   * look-up in this table and goes on to the next rule: link is `lo`.
   */
  readonly type?: 'unicast' | 'local' | 'blackhole' | 'unreachable' | 'throw';
  /** Number of the routing table, of 32 bits; main when absent. */
  readonly table?: number;
}

/** Packets that have the mark are looked up in the table; the lowest priority is asked first. */
export interface RoutingRule {
  readonly family: 'IPv4' | 'IPv6';
  readonly priority: number;
  readonly mark: number;
  /** The bits of the mark that count; all when absent. */
  readonly mask?: number;
  readonly table: number;
}

export interface Neighbour {
  readonly link: string;
  readonly address: string;
  readonly mac: string;
}

/** A forwarding entry of a VXLAN device: frames to `mac` go to the VTEP at `address`. */
export interface FdbEntry {
  readonly link: string;
  readonly mac: string;
  readonly address: string;
}

/** Adding replaces what has the same key; deleting what is not there does nothing. */
export type RouteOperation =
  | { readonly action: 'add-link'; readonly link: Link }
  | { readonly action: 'set-link'; readonly link: Link }
  | { readonly action: 'delete-link'; readonly name: string }
  | { readonly action: 'add-address' | 'delete-address'; readonly address: LinkAddress }
  | { readonly action: 'add-route' | 'delete-route'; readonly route: Route }
  | { readonly action: 'add-rule' | 'delete-rule'; readonly rule: RoutingRule }
  | { readonly action: 'add-neighbour' | 'delete-neighbour'; readonly neighbour: Neighbour }
  | { readonly action: 'add-fdb' | 'delete-fdb'; readonly entry: FdbEntry };

/** What became of an operation the kernel refused: errno and the kernel's extended-ack text. */
export interface RouteFailure {
  readonly operation: RouteOperation;
  readonly errno: number;
  /** Symbolic errno, such as `EEXIST`. */
  readonly code: string;
  readonly message: string;
}

/** rtnetlink sockets, one per namespace, opened on first use. Synchronous. */
export interface RouteNetlink {
  /**
   * Applies the operations in order, many to a message batch. Operations after a refused one are still tried;
   * the failures are returned, never thrown. `add-link` of a veth whose name exists in the namespace, or whose
   * peer's exists in its own, is EEXIST; of a `veth-peer` it is `set-link`. `set-link` of a link without a master
   * frees it from its bridge. The kernel takes other things along: a link its addresses, routes and entries; a
   * changed mac the link's neighbours; the last IPv4 address of a link its IPv4 routes and neighbours (so add the
   * new address before deleting the old one). `delete-route` deletes exactly that route, never a successor.
   */
  apply(namespace: string, operations: readonly RouteOperation[]): RouteFailure[];
  /**
   * What is there now: a full dump, for start and for drift. Permanent neighbours, forwarding entries of VXLAN
   * devices, and the rules and the routes of all tables that were made by Weft or by hand: not the kernel's own, nor
   * those of routing daemons. It cannot tell which end of a veth made the other, nor where that is: both are `veth-peer`.
   * Attributes are as they are, also those the kernel chose; a metric of 1024 is the default of IPv6 and absent.
   * Other kinds of link are left out. A bridge takes the smallest MTU of its ports.
   */
  dump(namespace: string): NamespaceState;
  /** Closes the namespace's socket; to be called before the namespace is deleted. */
  forget(namespace: string): void;
  close(): void;
}
