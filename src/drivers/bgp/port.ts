import type { Family } from '../../lib/address.ts';

/** A machine on which a daemon runs. */
export interface BgpPlace {
  /** Unique among the places of the daemons; a file name. */
  readonly name: string;
  /** File of its network namespace. */
  readonly netns: string;
}

/** What one machine says to whom. Times are whole seconds unless their name says otherwise. */
export interface BgpSpeaker {
  /** Written as an IPv4 address. */
  readonly routerId: string;
  readonly asn: number;
  /**
   * Puts what neighbours announce into the machine's kernel, several next hops into one route. Otherwise nothing is
   * learned from neighbours.
   */
  readonly installs: boolean;
  readonly neighbours: readonly BgpNeighbour[];
}

/** The other end of a session. */
export interface BgpNeighbour {
  /** Unique in the speaker, for logs and configuration: a letter, then letters, digits and `_`. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Its AS number, or which ones it may have: this end's, or any other. */
  readonly asn: number | 'internal' | 'external';
  /** AS number of this end of the session, where it is not the speaker's. */
  readonly localAsn?: number;
  /** Address that this end speaks from; the kernel chooses when absent. */
  readonly source?: string;
  /** Signs every segment (TCP MD5, RFC 2385): 1 to 80 printable ASCII characters without space and `"`. */
  readonly password?: string;
  /** 0 for a session without keepalives, or 3 and more. */
  readonly holdSeconds: number;
  readonly keepaliveSeconds: number;
  /** Between attempts to connect. */
  readonly connectSeconds: number;
  /** Whether an external neighbour may be more than one hop away. */
  readonly multihop: boolean;
  /** Whether routes are kept on both sides while one end starts again (RFC 4724). */
  readonly gracefulRestart: boolean;
  /** Waits to be connected to. */
  readonly passive: boolean;
  readonly bfd?: BgpBfd;
  /** Families of which routes are exchanged. */
  readonly families: readonly Family[];
  /** By whom the announced prefixes of a family are reached, where it is not the session's own address. */
  readonly nextHops: Readonly<Partial<Record<Family, string>>>;
  /** What is announced; each prefix once. */
  readonly routes: readonly BgpRoute[];
}

/** Bidirectional forwarding detection (RFC 5880) of a session. */
export interface BgpBfd {
  readonly receiveMs: number;
  readonly transmitMs: number;
  /** Lost packets after which the other end is gone. */
  readonly multiplier: number;
  readonly passive: boolean;
}

export interface BgpRoute {
  readonly prefix: string;
  /** `64500:100` */
  readonly communities: readonly string[];
  /** RFC 8092: `64500:1:2` */
  readonly largeCommunities: readonly string[];
  /** Told to internal neighbours only. */
  readonly localPref?: number;
}

/** A session as it is now. */
export interface BgpSession {
  /** Of the neighbour. */
  readonly name: string;
  readonly isEstablished: boolean;
  /** What the daemon says of a session that is not established. */
  readonly why?: string;
}

/** A route that a neighbour announced. */
export interface LearnedRoute extends BgpRoute {
  /** The neighbour's address. */
  readonly from: string;
  readonly asPath: readonly number[];
}

/**
 * Routing daemons, one for each place, all of one implementation. They run on their own and outlive this process. Every
 * call rejects with a `WeftError`: `bgp-missing` when the programs are not installed, `bgp-refused` when the daemon
 * does not take what it is told, `bgp-silent` when it does not answer, `bgp-invalid` when the speaker has a value that
 * may not stand in its configuration.
 */
export interface BgpDaemons {
  readonly implementation: 'bird' | 'frr' | 'fake';
  /**
   * Makes the place's daemon speak like this: starts it where none runs, takes over one that does, and tells it what
   * changed; sessions whose neighbour did not change go on. From then on one that ends is started again, with what it
   * was told last, so that neighbours which agreed on graceful restart keep its routes. Calls for one place must not overlap.
   */
  apply(place: BgpPlace, speaker: BgpSpeaker): Promise<void>;
  /** Names of the places that have a daemon, or had one that was not stopped, whoever started it. */
  places(): string[];
  /** In the order of the speaker. Empty where no daemon was applied. */
  sessions(place: BgpPlace): Promise<BgpSession[]>;
  /** What neighbours announce, of every neighbour. Empty where no daemon was applied. */
  learned(place: BgpPlace): Promise<LearnedRoute[]>;
  /** Ends the place's daemon, also one that an earlier process started, and forgets it: neighbours drop its routes. */
  stop(place: BgpPlace): Promise<void>;
  /** Looks after no daemon any more; they go on. */
  release(): void;
}
