import type { Protocol } from '../../api/types/meta.ts';

/** One port of one Service: where it is reached and who answers. The proxy, the analysis and DNS read it. */
export interface ServicePortModel {
  /** `namespace/name:PROTOCOL/port`, unique in the cluster and stable. */
  readonly key: string;
  /** `namespace/name` */
  readonly service: string;
  readonly portName: string;
  readonly protocol: Protocol;
  readonly port: number;
  /** Cluster addresses, at least one: a headless or external Service has no ports that anybody translates. */
  readonly clusterIPs: readonly string[];
  readonly nodePort: number | undefined;
  /**
   * Who gets new connections, sorted by address and port without duplicates: the ready endpoints, else those
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
