import type { Family } from '../../../src/lib/address.ts';
import type { Protocol } from '../../../src/api/types/meta.ts';

/** A connection somebody wants to make. Pods and Services are written `namespace/name`. */
export interface Question {
  readonly source: Source;
  readonly destination: Destination;
  readonly protocol: Protocol;
  readonly port: number;
  /** IPv4 when absent. Addresses in the question are of this family. */
  readonly family?: Family;
}

export type Source =
  | { readonly kind: 'pod'; readonly pod: string }
  | { readonly kind: 'node'; readonly node: string }
  /** Outside the cluster. It has routes to nodes and pods, but to cluster addresses only through a node. */
  | { readonly kind: 'external'; readonly address: string; readonly via?: string };

export type Destination =
  | { readonly kind: 'pod'; readonly pod: string }
  /** The Service's cluster address. */
  | { readonly kind: 'service'; readonly service: string }
  /** The node's own address, at any port: node ports are just ports of every node. */
  | { readonly kind: 'node'; readonly node: string }
  | { readonly kind: 'external'; readonly address: string };

/**
 * What may come of it. `denied`: a NetworkPolicy. `rejected`: the Service, which has nobody to serve this port.
 * `refused`: it arrived, but nobody listens there. `unreachable`: nobody has this pod or cluster address.
 */
export type Outcome =
  | {
      readonly verdict: 'allowed';
      /** The source address as the destination sees it. */
      readonly sourceSeen: string;
      /** Who a Service chose: the pod, or the address where it is none. */
      readonly backend?: string;
    }
  | { readonly verdict: 'denied' | 'refused' | 'rejected' | 'unreachable' };
