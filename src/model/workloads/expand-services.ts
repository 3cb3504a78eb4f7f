import { allocateClusterIP, allocateNodePort, nodePortKey } from '../../api/allocation.ts';
import { keyOf } from '../../api/resources.ts';
import type { Service, ServicePort } from '../../api/types/core.ts';
import type { NetworkConfig } from '../network/config.ts';

/**
 * Services with the cluster addresses and node ports that the API server will give them. What manifests ask for
 * by number comes first, so that nobody is given it by chance.
 */
export function allocateServices(services: readonly Service[], config: NetworkConfig): Service[] {
  const addresses = new Set(
    services.flatMap(({ spec }) => [spec.clusterIP ?? '', ...(spec.clusterIPs ?? [])]),
  );
  const nodePorts = new Set(
    services.flatMap(({ spec }) => (spec.ports ?? []).map(({ nodePort = 0 }) => nodePort)),
  );
  return services.map((service) =>
    withNodePorts(withAddress(service, config.serviceCidr, addresses), nodePorts),
  );
}

function withAddress(service: Service, serviceCidr: string, used: Set<string>): Service {
  const { spec } = service;
  if (spec.type === 'ExternalName') return service;
  const families = spec.ipFamilies ?? [serviceCidr.includes(':') ? 'IPv6' : 'IPv4'];
  const asked = spec.clusterIP === undefined || spec.clusterIP === '' ? undefined : spec.clusterIP;
  const clusterIP = asked ?? allocateClusterIP(serviceCidr, used, keyOf(service));
  if (clusterIP === undefined) return { ...service, spec: { ...spec, ipFamilies: families } };
  used.add(clusterIP);
  return {
    ...service,
    spec: { ...spec, clusterIP, clusterIPs: spec.clusterIPs ?? [clusterIP], ipFamilies: families },
  };
}

function withNodePorts(service: Service, used: Set<number>): Service {
  const { type, ports, allocateLoadBalancerNodePorts } = service.spec;
  const wants = type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false);
  if (!wants || ports === undefined) return service;
  const withOne = (port: ServicePort): ServicePort => {
    if (port.nodePort !== undefined && port.nodePort !== 0) return port;
    const nodePort = allocateNodePort(used, nodePortKey(keyOf(service), port));
    if (nodePort === undefined) return port;
    used.add(nodePort);
    return { ...port, nodePort };
  };
  return { ...service, spec: { ...service.spec, ports: ports.map(withOne) } };
}
