import { allocateClusterIP, allocateNodePort, nodePortKey } from '../../api/allocation.ts';
import { keyOf } from '../../api/resources.ts';
import type { Service, ServicePort, ServiceSpec } from '../../api/types/core.ts';
import { familyOf, inFamily, type Family } from '../../lib/address.ts';
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
  return services.map((service) => withNodePorts(withAddresses(service, config, addresses), nodePorts));
}

function withAddresses(service: Service, { serviceCidrs }: NetworkConfig, used: Set<string>): Service {
  const { spec } = service;
  if (spec.type === 'ExternalName') return service;
  const ipFamilies = serviceFamilies(spec, serviceCidrs.map(familyOf));
  const given = [...new Set([spec.clusterIP ?? '', ...(spec.clusterIPs ?? [])])].filter((ip) => ip !== '');
  const clusterIPs =
    given[0] === 'None'
      ? given
      : ipFamilies.flatMap((family) => {
          const cidr = inFamily(serviceCidrs, family);
          const allocated = (): string | undefined =>
            cidr === undefined ? undefined : allocateClusterIP(cidr, used, keyOf(service));
          return inFamily(given, family) ?? allocated() ?? [];
        });
  for (const address of clusterIPs) used.add(address);
  const [clusterIP] = clusterIPs;
  if (clusterIP === undefined) return { ...service, spec: { ...spec, ipFamilies } };
  return { ...service, spec: { ...spec, clusterIP, clusterIPs, ipFamilies } };
}

/** The families that the Service will have of those of the cluster, as the API server settles them (KEP-563). */
function serviceFamilies(spec: ServiceSpec, available: readonly Family[]): Family[] {
  const { ipFamilies = [], clusterIP, clusterIPs = [], ipFamilyPolicy = 'SingleStack' } = spec;
  const addresses = [...new Set([clusterIP ?? '', ...clusterIPs])].filter((ip) => ip !== '' && ip !== 'None');
  const named = [...new Set([...ipFamilies, ...addresses.map(familyOf)])];
  const wanted = named.length > 0 ? named : available.slice(0, 1);
  if (ipFamilyPolicy === 'SingleStack') return wanted;
  return [...wanted, ...available.filter((family) => !wanted.includes(family))];
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
