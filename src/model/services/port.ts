import type { Family } from '../../lib/address.ts';
import type { Protocol } from '../../api/types/meta.ts';

/**
 * One port of one Service in one address family: where it is reached and who answers. The proxy and the analysis read
 * it. A dual-stack Service has two of each port, with nothing in common: packets never change their family.
 */
export interface ServicePortModel {
  /** `namespace/name:PROTOCOL/port`, with ` IPv6` behind it in that family: unique in the cluster and stable. */
  readonly key: string;
  readonly family: Family;
  /** `namespace/name` */
  readonly service: string;
  readonly portName: string;
  readonly protocol: Protocol;
  readonly port: number;
  /** Cluster addresses of this family, at least one: a headless or external Service has no ports that anybody translates. */
  readonly clusterIPs: readonly string[];
  /** Addresses of this family by which the outside comes: `externalIPs`, and those of load balancers (KEP-1860). */
  readonly externalAddresses: readonly string[];
  /** Those of them that the cluster itself gave, from a pool: where no Service takes a port of one, every node rejects it. */
  readonly pooledAddresses: readonly string[];
  /** Who may come by which of those; one that nobody guards is not here. */
  readonly guarded: readonly GuardedAddress[];
  readonly nodePort: number | undefined;
  /** Whether a node sends what came to it by a cluster address, or from outside, to its own endpoints only. */
  readonly internalPolicy: TrafficPolicy;
  readonly externalPolicy: TrafficPolicy;
  /** How long a client stays with its endpoint after its last connection; undefined without session affinity. */
  readonly affinitySeconds: number | undefined;
  /** TCP connections to endpoints that it no longer has are to end; absent where they end by themselves. */
  readonly resetsTcp?: true;
  /**
   * Who gets new connections, in this family, sorted by address and port without duplicates: the ready endpoints, else those
   * serving while terminating (KEP-1669), else none.
   */
  readonly endpoints: readonly ServiceEndpoint[];
  /** Those serving while terminating, where others are ready: a node without a ready one of its own has these. */
  readonly draining: readonly ServiceEndpoint[];
}

export type TrafficPolicy = 'Cluster' | 'Local';

/** A load balancer's address and the ranges of `loadBalancerSourceRanges` of its family. */
export interface GuardedAddress {
  readonly address: string;
  readonly sourceRanges: readonly string[];
}

export interface ServiceEndpoint {
  readonly address: string;
  readonly port: number;
  readonly nodeName: string | undefined;
  /** `namespace/name` of the pod behind it, when it is one. */
  readonly pod: string | undefined;
  /** It serves, but is on its way out; absent where it is not. */
  readonly isTerminating?: true;
  /** Whom it is meant for, where its slice says so: zones and nodes by name. */
  readonly hints?: { readonly zones: readonly string[]; readonly nodes: readonly string[] };
}
