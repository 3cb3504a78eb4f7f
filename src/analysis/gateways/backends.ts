import type { EndpointSlice } from '../../api/types/network.ts';
import type { Protocol } from '../../api/types/meta.ts';
import { once } from '../../lib/once.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { BackendRoute } from '../../model/gateways/route.ts';

/** Who answers for a route: whoever passes its requests on asks endpoints themselves, also of headless Services. */
export interface Backend {
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
  /** `namespace/name`, where it is one. */
  readonly pod: string | undefined;
}

/** The ready endpoints of a route's Service, or why it has none that could be asked. */
export type Backends = { readonly backends: readonly Backend[] } | { readonly missing: string };

export function createBackends(cluster: Cluster): (route: BackendRoute) => Backends {
  const slicesOf = once(() => Map.groupBy(cluster.endpointSlices.values(), serviceOf));
  return ({ service: key, port: wanted, protocol }) => {
    const service = cluster.services.get(key);
    if (service === undefined) return { missing: `there is no Service ${key}` };
    const port = (service.spec.ports ?? []).find(
      (one) => (one.protocol ?? 'TCP') === protocol && (one.port === wanted || one.name === wanted),
    );
    if (port === undefined) return { missing: `Service ${key} has no ${protocol} port ${wanted}` };
    const slices = slicesOf().get(key) ?? [];
    return { backends: slices.flatMap((slice) => readyIn(slice, { ...port, protocol })) };
  };
}

function readyIn(
  { endpoints, ports = [] }: EndpointSlice,
  { name = '', protocol }: { readonly name?: string; readonly protocol: Protocol },
): Backend[] {
  const number = ports.find((one) => (one.name ?? '') === name && (one.protocol ?? 'TCP') === protocol)?.port;
  if (number === undefined) return [];
  return endpoints
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses, targetRef }) =>
      addresses.slice(0, 1).map((address) => ({
        address,
        port: number,
        protocol,
        pod: targetRef?.kind === 'Pod' ? `${targetRef.namespace ?? 'default'}/${targetRef.name}` : undefined,
      })),
    );
}

function serviceOf({ metadata }: EndpointSlice): string {
  return `${metadata.namespace ?? 'default'}/${metadata.labels?.['kubernetes.io/service-name'] ?? ''}`;
}
