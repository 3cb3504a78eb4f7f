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
  readonly nodePort: number | undefined;
  /**
   * Who gets new connections, in this family, sorted by address and port without duplicates: the ready endpoints, else those
   * serving while terminating (KEP-1669), else none.
   */
  readonly endpoints: readonly ServiceEndpoint[];
}

export interface ServiceEndpoint {
  readonly address: string;
  readonly port: number;
  readonly nodeName: string | undefined;
  /** `namespace/name` of the pod behind it, when it is one. */
  readonly pod: string | undefined;
}
