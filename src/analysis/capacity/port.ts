import type { Prefix } from '../../lib/prefix.ts';
import type { ModelName } from './models.ts';

/** Nodes that are alike. */
export interface NodePool {
  readonly nodes: number;
  /** Pods of one node at most, those on the host network not counted. */
  readonly maxPods: number;
  /** Of those that do not run Linux. */
  readonly os?: 'windows';
}

/** Nodes that an upgrade adds before it takes old ones away: a count, or a share of each pool, rounded up. */
export type Surge = { readonly nodes: number } | { readonly percent: number };

/** A network that somebody thinks of building. IPv4, as the limits of the models are. */
export interface CapacityRequest {
  readonly model: ModelName;
  /** At least one; the first is the one that may grow. */
  readonly pools: readonly [NodePool, ...NodePool[]];
  readonly surge: Surge;
  /** Where the nodes have their addresses; the answer says how large it must be when absent. */
  readonly subnet?: Prefix;
  /** Cut into a /24 for each node. */
  readonly podCidr?: Prefix;
  /** Of the models whose pods have addresses of a subnet of their own. */
  readonly podSubnet?: Prefix;
  readonly serviceCidr?: Prefix;
  /** Whether a node of such a model has whole /28 blocks from its start, instead of batches as it needs them. */
  readonly staticBlocks?: boolean;
  /** Pods that a node is expected to run; as many as it may when absent. Only batches follow it. */
  readonly podsPerNode?: number;
  /** Addresses of the subnet that internal load balancers have. */
  readonly frontends?: number;
  /** Routes in the nodes' table that are not the nodes'. */
  readonly otherRoutes?: number;
  readonly outbound?: OutboundPorts;
}

/** Source ports of public addresses, which nodes share behind a load balancer. */
export interface OutboundPorts {
  readonly addresses: number;
  readonly portsPerNode: number;
}

/** One range of addresses and what is to be taken from it. */
export interface RangePlan {
  readonly name: string;
  /** A prefix, or a pool as `FIRST-LAST`; null where none was named. */
  readonly prefix: string | null;
  /** Addresses that are needed. */
  readonly required: number;
  /** Addresses of the range that nobody can have. */
  readonly reserved: number;
  /** Addresses that can be given; null where no range was named. */
  readonly usable: number | null;
  readonly fits: boolean;
  /** Length of the smallest prefix that holds all that is needed; null where none does. */
  readonly smallestPrefix: number | null;
}

/** What fits. */
export interface CapacityPlan {
  readonly model: string;
  /** The nodes' range, as a whole plan has it. */
  readonly required: number;
  readonly reserved: number;
  readonly usable: number | null;
  readonly smallestPrefix: number | null;
  /** Every range, the nodes' first. */
  readonly ranges: readonly RangePlan[];
  readonly fits: boolean;
  /** Nodes that the ranges and limits hold when none is left for upgrades, and pods on them. */
  readonly maxNodes: number;
  readonly maxPods: number;
  readonly warnings: readonly string[];
  /** Why it does not fit, each with the smallest changes that would help. */
  readonly reasons: readonly string[];
}
