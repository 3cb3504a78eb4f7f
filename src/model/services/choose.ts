import type { ServiceEndpoint, ServicePortModel } from './port.ts';

/** The node whose rules choose. */
export interface ChoosingNode {
  readonly name: string;
  /** Label `topology.kubernetes.io/zone`. */
  readonly zone: string | undefined;
}

/** How a connection comes to a Service, at the node whose rules see it first. */
export interface Arrival {
  /** By a cluster address, or by a node port or an external address. */
  readonly by: 'cluster-ip' | 'external';
  /** Whether a pod or the node itself sent it. */
  readonly isFromInside: boolean;
}

/**
 * What a node does with a new connection to a Service. `reject`: nobody serves it anywhere. `drop`: its traffic policy
 * keeps it on a node that has no endpoint of its own.
 */
export type Choice =
  | {
      readonly kind: 'endpoints';
      readonly set: 'cluster' | 'local';
      readonly endpoints: readonly ServiceEndpoint[];
    }
  | { readonly kind: 'reject' }
  | { readonly kind: 'drop' };

/** The two traffic policies are independent; what comes from inside by an external address is never kept local. */
export function choose(port: ServicePortModel, node: ChoosingNode, arrival: Arrival): Choice {
  if (port.endpoints.length === 0) return { kind: 'reject' };
  const policy = arrival.by === 'cluster-ip' ? port.internalPolicy : port.externalPolicy;
  const isLocal = policy === 'Local' && (arrival.by === 'cluster-ip' || !arrival.isFromInside);
  if (!isLocal) return { kind: 'endpoints', set: 'cluster', endpoints: clusterEndpoints(port, node) };
  const endpoints = localEndpoints(port, node);
  return endpoints.length === 0 ? { kind: 'drop' } : { kind: 'endpoints', set: 'local', endpoints };
}

/**
 * Those meant for the node, else those meant for its zone, else all: hints count only where every endpoint has one
 * and one of them is for here (KEP-2433, KEP-3015).
 */
export function clusterEndpoints(
  { endpoints }: Pick<ServicePortModel, 'endpoints'>,
  { name, zone }: ChoosingNode,
): readonly ServiceEndpoint[] {
  return (
    meantFor(endpoints, 'nodes', name) ??
    (zone === undefined ? undefined : meantFor(endpoints, 'zones', zone)) ??
    endpoints
  );
}

function meantFor(
  endpoints: readonly ServiceEndpoint[],
  what: 'nodes' | 'zones',
  name: string,
): readonly ServiceEndpoint[] | undefined {
  if (endpoints.some(({ hints }) => hints === undefined || hints[what].length === 0)) return undefined;
  const found = endpoints.filter(({ hints }) => hints?.[what].includes(name));
  return found.length === 0 ? undefined : found;
}

/** The node's own ready endpoints, else its own that serve while terminating: decided for each node (KEP-1669). */
export function localEndpoints(
  { endpoints, draining }: Pick<ServicePortModel, 'endpoints' | 'draining'>,
  { name }: Pick<ChoosingNode, 'name'>,
): readonly ServiceEndpoint[] {
  const own = endpoints.filter(({ nodeName }) => nodeName === name);
  return own.length > 0 ? own : draining.filter(({ nodeName }) => nodeName === name);
}

/** Whether nodes choose differently. */
export function isSameEverywhere(port: ServicePortModel): boolean {
  if (port.internalPolicy === 'Local') return false;
  const isOutside = port.nodePort !== undefined || port.externalAddresses.length > 0;
  if (isOutside && port.externalPolicy === 'Local') return false;
  return port.endpoints.every(({ hints }) => hints === undefined);
}
