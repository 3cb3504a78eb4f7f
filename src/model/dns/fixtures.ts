import type { Service, ServiceSpec } from '../../api/types/core.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/types/network.ts';

/** Objects for the tests of the zone. */
export const zoneOptions = { zone: 'cluster.local', ttl: 5 };

export function service(key: string, spec: ServiceSpec): Service {
  const [namespace = '', name = ''] = key.split('/');
  return { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name }, spec };
}

export function slice(
  key: string,
  parts: { endpoints: Endpoint[]; ports?: EndpointPort[]; family?: 'IPv6' },
): EndpointSlice {
  const [namespace = '', owner = ''] = key.split('/');
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace, name: `${owner}-x`, labels: { 'kubernetes.io/service-name': owner } },
    addressType: parts.family ?? 'IPv4',
    endpoints: parts.endpoints,
    ports: parts.ports ?? [],
  };
}
