import type { Protocol } from '../../api/types/meta.ts';

/**
 * Connections of one kind that were seen to be let through: between two ends, to one port. Ends are `NAMESPACE/NAME[Kind]`
 * of a workload, `node:NAME`, or an address. The destination is the one that a Service chose.
 */
export interface ObservedFlow {
  readonly source: string;
  readonly destination: string;
  readonly protocol: Protocol;
  readonly port: number;
  /** Seen where it is sent, behind the sender's egress policies; always false for senders that are no pods. */
  readonly sent: boolean;
  /** Seen where it is received, behind the receiver's ingress policies, with the source that these see. */
  readonly received: boolean;
  /** RFC 3339. */
  readonly first: string;
  readonly last: string;
}

/** What was observed of a network. */
export interface FlowReport {
  /** When that was begun, RFC 3339; null where nothing is recorded. */
  readonly since: string | null;
  /** By source, destination, protocol and port. */
  readonly flows: readonly ObservedFlow[];
  /** How many times there was no room for what may have been another one. */
  readonly lost: number;
}
