import type { Service, ServiceSpec } from '../../api/types/core.ts';
import type { IPAddressPool } from '../../api/types/load-balancer.ts';
import type { Labels } from '../../api/types/meta.ts';

/** A pool in the namespace where pools count. */
export function poolNamed(
  name: string,
  addresses: readonly string[],
  spec: Partial<IPAddressPool['spec']> = {},
): IPAddressPool {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name, namespace: 'metallb-system' },
    spec: { addresses: [...addresses], ...spec },
  };
}

/** A Service of type LoadBalancer in namespace `shop`, as the API server leaves it. */
export function balancedService(
  name: string,
  spec: Partial<ServiceSpec> = {},
  annotations: Labels = {},
): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop', annotations, labels: { app: name } },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.1',
      clusterIPs: ['10.96.0.1'],
      selector: { app: name },
      ports: [{ port: 80, protocol: 'TCP' }],
      ...spec,
    },
  };
}
