import type { Family } from '../../lib/address.ts';
import type { NetworkWorld } from './network/world.ts';

/** A layer-2 segment: a switch that machines are plugged into. */
export interface Segment {
  /** Unique in the fabric; also the name of its namespace's pin, behind `segment-`. */
  readonly name: string;
  /** Name of a segment whose switch its own is connected with. */
  readonly uplink?: string;
}

/** A machine of the fabric: a node's machine, a router, a host somewhere outside. */
export interface Machine {
  readonly name: string;
  /** Pin's name of its network namespace. */
  readonly netns: string;
  readonly interfaces: readonly MachineInterface[];
  readonly routes: readonly MachineRoute[];
  /** Passes packets on between its interfaces. */
  readonly forwards?: boolean;
  /** Answers for every address that nothing else has: the internet, in a lab. */
  readonly answersForAll?: boolean;
  /** Answers every ARP request on all its interfaces but the first: whoever asks finds it behind every address. */
  readonly answersArpForAll?: boolean;
  /** Names of the interfaces whose address takes the place of others' in what leaves by them (NAT). */
  readonly masquerades?: readonly string[];
  /**
   * Takes packets for an address only by the interface that has it (strong end system model, RFC 1122 section 3.3.4.2). Others
   * take them by any, as Linux does.
   */
  readonly strongHost?: {
    /** Addresses of its interfaces that are no part of this world, without lengths. */
    readonly others: readonly string[];
  };
}

export interface MachineInterface {
  /** Name inside the machine. */
  readonly name: string;
  readonly segment: string;
  /** With the segment's prefix length: `172.20.1.1/16`. The link-layer address is made of the first. */
  readonly addresses: readonly string[];
  /** Link-layer address, where there is no address to make it of. */
  readonly mac?: string;
}

export interface MachineRoute {
  readonly destination: string;
  /** Next hop; `unreachable` refuses packets for the destination. */
  readonly via: string;
  /** Routes to the same destination with a lower one come first; 0 when absent. */
  readonly metric?: number;
  /** Name of the interface; the one whose prefix has the next hop when absent. */
  readonly link?: string;
  /** The object that says so; absent where nobody wrote it. */
  readonly from?: RouteOrigin;
}

/** A field of an object, which a route follows from. */
export interface RouteOrigin {
  readonly kind: string;
  /** `namespace/name`, or `name` for kinds without namespaces. */
  readonly key: string;
  /** As in `spec.gateway`. */
  readonly path: string;
}

/** The world around the nodes. It forwards only what its machines have routes for. */
export interface Fabric {
  /** What is spoken in it; the other family is switched off. */
  readonly families: readonly Family[];
  readonly segments: readonly Segment[];
  readonly machines: readonly Machine[];
  /** Virtual networks; their machines are among `machines`, without these interfaces. */
  readonly networks?: NetworkWorld;
}
