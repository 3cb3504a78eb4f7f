import type { Endpoints, Service, ServicePort, ServiceSpec } from '../types/core.ts';

/** How long ClientIP affinity lasts unless said otherwise: three hours (core/v1 `DefaultClientIPServiceAffinitySeconds`). */
const affinitySeconds = 10800;

/** core/v1 `SetDefaults_Service`, and the family policy that the API server adds to it. */
export function defaultService(service: Service): Service {
  const { spec } = service;
  const { sessionAffinityConfig, ...rest } = spec;
  const type = spec.type ?? 'ClusterIP';
  const sessionAffinity = spec.sessionAffinity ?? 'None';
  return {
    ...service,
    ...(type === 'LoadBalancer' && withModes(service)),
    spec: {
      ...rest,
      type,
      sessionAffinity,
      ...(sessionAffinity === 'ClientIP' && {
        sessionAffinityConfig: {
          clientIP: { timeoutSeconds: sessionAffinityConfig?.clientIP?.timeoutSeconds ?? affinitySeconds },
        },
      }),
      ...(spec.ports !== undefined && { ports: spec.ports.map(defaultPort) }),
      ...(type !== 'ExternalName' && trafficDefaults(spec, type)),
    },
  };
}

/** An address of a load balancer is the nodes' own unless it says otherwise (KEP-1860). */
function withModes({ status }: Service): Pick<Service, 'status'> {
  const ingress = status?.loadBalancer?.ingress;
  if (ingress === undefined) return status === undefined ? {} : { status };
  const points = ingress.map((one) => ((one.ip ?? '') === '' ? one : { ipMode: 'VIP', ...one }));
  return { status: { ...status, loadBalancer: { ...status?.loadBalancer, ingress: points } } };
}

function trafficDefaults(
  spec: ServiceSpec,
  type: 'ClusterIP' | 'NodePort' | 'LoadBalancer',
): Partial<ServiceSpec> {
  const external = type !== 'ClusterIP' || (spec.externalIPs?.length ?? 0) > 0;
  return {
    internalTrafficPolicy: spec.internalTrafficPolicy ?? 'Cluster',
    ipFamilyPolicy: spec.ipFamilyPolicy ?? 'SingleStack',
    ...(external && { externalTrafficPolicy: spec.externalTrafficPolicy ?? 'Cluster' }),
    ...(type === 'LoadBalancer' && {
      allocateLoadBalancerNodePorts: spec.allocateLoadBalancerNodePorts ?? true,
    }),
  };
}

/** A target port of 0 or '' counts as none. */
function defaultPort(port: ServicePort): ServicePort {
  const { targetPort } = port;
  const given = targetPort !== undefined && targetPort !== 0 && targetPort !== '';
  return { ...port, protocol: port.protocol ?? 'TCP', targetPort: given ? targetPort : port.port };
}

/** core/v1 `SetDefaults_Endpoints`. */
export function defaultEndpoints(endpoints: Endpoints): Endpoints {
  if (endpoints.subsets === undefined) return endpoints;
  const subsets = endpoints.subsets.map((subset) => {
    if (subset.ports === undefined) return subset;
    return {
      ...subset,
      ports: subset.ports.map((port) => ({ ...port, protocol: port.protocol ?? ('TCP' as const) })),
    };
  });
  return { ...endpoints, subsets };
}
