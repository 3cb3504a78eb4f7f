import type { Family } from '../lib/address.ts';
import type { Tier } from '../model/policy/compile.ts';
import type { Protocol } from '../api/types/meta.ts';
import type { PortProtocol } from '../model/policy/port-set.ts';

/** One end of a flow as it is asked for; an address may turn out to be a pod's, a node's or a Service's. */
export type FlowEnd =
  | { readonly kind: 'pod'; readonly key: string }
  | { readonly kind: 'node'; readonly name: string }
  | {
      readonly kind: 'address';
      readonly address: string;
      /** The same machine's address of the other family, where it has one. */
      readonly alternative?: string;
      /** Whose it is, where that is known: `vm:NAME`, `site:NAME`. Networks that do not meet may have the same addresses. */
      readonly machine?: string;
    };

/** A packet that opens a connection: who asks whom for what. */
export interface Flow {
  readonly source: FlowEnd;
  readonly destination:
    | FlowEnd
    | { readonly kind: 'service'; readonly key: string }
    /** Whoever a name outside the cluster leads to, in lower case and without a final dot. */
    | { readonly kind: 'domain'; readonly name: string };
  /** `other` is what has no ports, of which ICMP is answered by whoever is there; its port is 0. */
  readonly protocol: PortProtocol;
  readonly port: number;
  /** When absent, the first of the destination's families that the source has too. */
  readonly family?: Family;
}

/**
 * `allowed`: somebody answers. `denied`: a NetworkPolicy drops it. `refused`: it arrives and nobody listens.
 * `unreachable`: no way there, or a Service that serves nobody. `unknown`: it depends, and `why` says on what.
 */
export type Verdict = 'allowed' | 'denied' | 'refused' | 'unreachable' | 'unknown';

/** Where on its way something was decided, in the order of the way. */
type Stage = 'service' | 'egress' | 'route' | 'security' | 'ingress' | 'delivery';

/** One decision on the way, and the object and rule that took it. */
export interface Reason {
  readonly stage: Stage;
  /** `KIND NAMESPACE/NAME` */
  readonly object: string;
  /** The rule's place in the object (`spec.ingress[0]`), or the rule of the network in words. */
  readonly rule: string;
  /** Of a rule that passes the packet to the next tier: `allowed`, for it did not stop it. */
  readonly verdict: Exclude<Verdict, 'unknown'>;
  /** Of policies: in which tier, and what its rule does. */
  readonly tier?: Tier;
  readonly action?: 'Accept' | 'Deny' | 'Pass';
  readonly file?: string;
  readonly line?: number;
}

/** One step of the walk: where, what happens, and the packet behind it. */
export interface Hop {
  readonly at: string;
  readonly action: string;
  readonly packet: string;
}

/** What becomes of the flow when this backend is chosen; without a Service there is exactly one. */
export interface Outcome {
  readonly verdict: Exclude<Verdict, 'unknown'>;
  /** One sentence, where the verdict is not `allowed`. */
  readonly why: string | undefined;
  /** What nobody can know beforehand and would change the verdict. */
  readonly unless?: string;
  /** `namespace/name` of the pod a Service chose. */
  readonly backend: string | undefined;
  /** The source address that whoever answers sees; undefined when nobody does. */
  readonly sourceSeen: string | undefined;
  readonly reasons: readonly Reason[];
  readonly path: readonly Hop[];
  /** Of a domain name whose verdict depends on where it leads: the addresses that this is about. */
  readonly towards?: string;
  /** What policies were asked on the way, in its order. */
  readonly judged?: readonly Judged[];
  /** What of a virtual network it ends at, where somebody wrote that. */
  readonly barrier?: Barrier;
}

/** A rule of a security group that denies a flow, or a user's route that leads nowhere. */
export type Barrier =
  | {
      readonly kind: 'NetworkSecurityGroup';
      readonly name: string;
      readonly direction: 'Inbound' | 'Outbound';
      readonly priority: number;
      readonly source: string;
      readonly destination: string;
      readonly protocol: Protocol | 'ICMP';
      readonly port: number;
    }
  | { readonly kind: 'RouteTable'; readonly name: string; readonly index: number };

/** A packet at a pod's link, where the pod's policies judge it. */
export interface Judged {
  readonly direction: 'ingress' | 'egress';
  readonly pod: string;
  /** The pod's own address, and the address at the other end as the pod's node sees it. */
  readonly address: string;
  readonly peerAddress: string;
  /** The domain name that the other end was asked for by. */
  readonly domain?: string;
  /** Set for a further interface of the pod: its key, and that of the interface at the other end, if one of a pod is there. */
  readonly interface?: { readonly key: string; readonly peer: string | undefined };
  readonly protocol: PortProtocol;
  readonly port: number;
}

export interface Prediction {
  readonly verdict: Verdict;
  readonly why: string | undefined;
  /** Set where it is unknown, whatever the outcomes say, for something that decides could not be read. */
  readonly doubt?: string;
  /** Never empty; in the order of the Service's endpoints. */
  readonly outcomes: readonly Outcome[];
}

/** Finds where an object was written: `path` as in `spec.ingress[0]`. */
export type SourceOf = (
  object: { readonly kind: string; readonly key: string },
  path: string,
) => { readonly file: string; readonly line: number } | undefined;
