import type { ServicePortModel } from './port.ts';

/** A service-port for tests: TCP 80 of default/web in IPv4, of type ClusterIP, with nobody behind it. */
export function servicePort(extra: Partial<ServicePortModel> = {}): ServicePortModel {
  return {
    key: 'default/web:TCP/80',
    family: 'IPv4',
    service: 'default/web',
    portName: 'http',
    protocol: 'TCP',
    port: 80,
    clusterIPs: ['10.96.7.7'],
    externalAddresses: [],
    pooledAddresses: [],
    guarded: [],
    nodePort: undefined,
    internalPolicy: 'Cluster',
    externalPolicy: 'Cluster',
    affinitySeconds: undefined,
    endpoints: [],
    draining: [],
    ...extra,
  };
}
