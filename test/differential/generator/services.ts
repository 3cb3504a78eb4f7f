import * as fc from 'fast-check';
import type { Service, ServicePort, ServiceSpec } from '../../../src/api/types/core.ts';
import type { EndpointSlice } from '../../../src/api/types/network.ts';
import { labelFrom, labelsFrom, namespaceName } from './pods.ts';
import {
  podLabels,
  portNames,
  portNumbers,
  protocols,
  servicePorts,
  writtenEndpoints,
  writtenPorts,
} from './vocabulary.ts';

const portSeed = fc.record({
  port: fc.constantFrom(...servicePorts),
  protocol: fc.option(fc.constantFrom(...protocols), { nil: undefined }),
  targetPort: fc.option(
    fc.oneof(fc.constantFrom<number | string>(...portNumbers), fc.constantFrom(...portNames)),
    {
      nil: undefined,
    },
  ),
});

const endpointSeed = fc.record({
  address: fc.constantFrom(...writtenEndpoints),
  ready: fc.option(fc.boolean(), { nil: undefined }),
});

export const serviceSeed = fc.record({
  namespace: fc.nat(7),
  kind: fc.constantFrom<'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'headless'>(
    'ClusterIP',
    'ClusterIP',
    'NodePort',
    'NodePort',
    'LoadBalancer',
    'headless',
  ),
  /** One label as a rule, and an application that nobody is, now and then: a Service without endpoints. */
  selector: fc.oneof(
    { weight: 6, arbitrary: labelFrom(podLabels) },
    { weight: 2, arbitrary: labelsFrom(podLabels) },
    { weight: 1, arbitrary: fc.constant({ app: 'none' }) },
  ),
  ports: fc.array(portSeed, { minLength: 1, maxLength: 3 }),
  externalPolicy: fc.constantFrom<'Cluster' | 'Local'>('Cluster', 'Local'),
  internalPolicy: fc.option(fc.constant<'Local'>('Local'), { nil: undefined, freq: 4 }),
  distribution: fc.option(fc.constant<'PreferSameNode'>('PreferSameNode'), { nil: undefined, freq: 4 }),
  affinity: fc.option(fc.constant<'ClientIP'>('ClientIP'), { nil: undefined, freq: 4 }),
  /** Without selector, with endpoints that somebody wrote down. */
  written: fc.option(
    fc.record({
      endpoints: fc.uniqueArray(endpointSeed, { maxLength: 3, selector: ({ address }) => address }),
      port: fc.constantFrom(...writtenPorts),
    }),
    { nil: undefined, freq: 4 },
  ),
});
export type ServiceSeed = typeof serviceSeed extends fc.Arbitrary<infer T> ? T : never;

/** The Service, and the EndpointSlice where it has no selector. */
export function serviceOf(
  seed: ServiceSeed,
  { index, namespaces }: { index: number; namespaces: number },
): [Service] | [Service, EndpointSlice] {
  const written = seed.kind === 'headless' ? undefined : seed.written;
  const namespace = namespaceName(seed.namespace % namespaces);
  const name = `${written === undefined ? 'svc' : 'written'}-${index}`;
  const ports = portsOf(seed);
  // An empty selector would be no selector.
  const selector = Object.keys(seed.selector).length === 0 ? { app: 'web' } : seed.selector;
  const type = seed.kind === 'headless' ? { clusterIP: 'None' } : { type: seed.kind };
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name },
    spec: { ...type, ...(written === undefined && { selector }), ports, ...trafficOf(seed) },
  };
  return written === undefined ? [service] : [service, sliceOf(service, written)];
}

/** Policies and preferences; one about the outside only where the outside can come. */
function trafficOf({
  kind,
  externalPolicy,
  internalPolicy,
  distribution,
  affinity,
}: ServiceSeed): Partial<ServiceSpec> {
  if (kind === 'headless') return {};
  const isOutside = kind !== 'ClusterIP';
  return {
    ...(isOutside && { externalTrafficPolicy: externalPolicy }),
    ...(internalPolicy !== undefined && { internalTrafficPolicy: internalPolicy }),
    ...(distribution !== undefined && { trafficDistribution: distribution }),
    ...(affinity !== undefined && { sessionAffinity: affinity }),
  };
}

function sliceOf(
  { metadata: { namespace = '', name }, spec }: Service,
  { endpoints, port }: NonNullable<ServiceSeed['written']>,
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace, name: `${name}-by-hand`, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: endpoints.map(({ address, ready }) => ({
      addresses: [address],
      ...(ready !== undefined && { conditions: { ready } }),
    })),
    ports: (spec.ports ?? []).map(({ name: portName = '', protocol = 'TCP' }) => ({
      name: portName,
      protocol,
      port,
    })),
  };
}

function portsOf(seed: ServiceSeed): ServicePort[] {
  const ports = new Map<string, ServicePort>();
  for (const { port, protocol, targetPort } of seed.ports) {
    ports.set(`${protocol ?? 'TCP'} ${port}`, {
      port,
      ...(protocol === undefined ? {} : { protocol }),
      ...(targetPort === undefined ? {} : { targetPort }),
    });
  }
  return distinctNames([...ports.values()]);
}

/** A single port may go without a name. */
function distinctNames(ports: readonly ServicePort[]): ServicePort[] {
  return ports.map((port, index) => (ports.length === 1 ? port : { name: `p${index}`, ...port }));
}
