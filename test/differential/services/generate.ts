import type { LoadBalancerIngress, Service, ServicePort, ServiceSpec } from '../../../src/api/types/core.ts';
import type { Endpoint, EndpointSlice } from '../../../src/api/types/network.ts';
import { oneOf } from '../../support/random.ts';
import type { OracleWorld, Question } from './expectation.ts';
import type { AddressPlan } from './plan.ts';

type Random = () => number;

const services = 6;
const zones = ['east', 'west'];
const ports = [80, 53] as const;

/** Everything that is asked has a number of its own, so that no two Services claim the same. */
export function randomWorld(
  random: Random,
  plan: AddressPlan,
  settings: Pick<OracleWorld, 'masqueradeAll' | 'ignoresExternalIPs'>,
): OracleWorld {
  const indices = Array.from({ length: services }, (_, index) => index);
  const made = indices.map((index) => serviceOf(random, plan, index));
  const zone = oneOf(random, [{}, ...zones.map((name) => ({ zone: name }))]);
  return {
    ...settings,
    services: made,
    slices: made.flatMap((service) => slicesOf(random, plan, service)),
    node: {
      name: 'node-1',
      ...zone,
      address: plan.node(1),
      tunnelAddress: plan.tunnel(1),
    },
    podRange: plan.podRange,
    serviceRange: plan.serviceRange,
  };
}

const sometimes = (random: Random, share: number): boolean => random() < share;

function serviceOf(random: Random, plan: AddressPlan, index: number): Service {
  const type = oneOf(random, [
    'ClusterIP',
    'ClusterIP',
    'NodePort',
    'NodePort',
    'LoadBalancer',
    'LoadBalancer',
  ] as const);
  const kind = oneOf(random, [type, type, type, type, type, type, 'headless', 'ExternalName'] as const);
  const labels = sometimes(random, 0.05) ? { 'service.kubernetes.io/service-proxy-name': 'other' } : {};
  const metadata = { name: `svc-${index}`, namespace: oneOf(random, ['a', 'b']), labels };
  const made = { apiVersion: 'v1', kind: 'Service', metadata };
  if (kind === 'ExternalName') return { ...made, spec: { type: kind, externalName: 'example.org' } };
  const clusterIP = kind === 'headless' ? 'None' : plan.clusterIP(index);
  const spec: ServiceSpec = {
    type: kind === 'headless' ? 'ClusterIP' : kind,
    clusterIP,
    clusterIPs: [clusterIP],
    ports: portsOf(random, index, kind === 'NodePort' || (kind === 'LoadBalancer' && sometimes(random, 0.8))),
    ...trafficOf(random),
    ...(sometimes(random, 0.3) && { externalIPs: [plan.external(index)] }),
    ...(kind === 'LoadBalancer' &&
      sometimes(random, 0.5) && { loadBalancerSourceRanges: rangesOf(random, plan) }),
  };
  if (kind !== 'LoadBalancer') return { ...made, spec };
  return { ...made, spec, status: { loadBalancer: { ingress: ingressOf(random, plan, index) } } };
}

function portsOf(random: Random, index: number, hasNodePorts: boolean): ServicePort[] {
  const count = sometimes(random, 0.4) ? 2 : 1;
  return ports.slice(0, count).map((port, position) => ({
    ...(count > 1 && { name: `p${position}` }),
    port,
    protocol: oneOf(random, ['TCP', 'TCP', 'UDP', 'UDP', 'SCTP'] as const),
    ...(hasNodePorts && { nodePort: 30_000 + index * 2 + position }),
  }));
}

function trafficOf(random: Random): Partial<ServiceSpec> {
  return {
    ...(sometimes(random, 0.4) && { externalTrafficPolicy: 'Local' }),
    ...(sometimes(random, 0.3) && { internalTrafficPolicy: 'Local' }),
    ...(sometimes(random, 0.3) && {
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: oneOf(random, [600, 10_800]) } },
    }),
  };
}

function rangesOf(random: Random, plan: AddressPlan): string[] {
  const known = [
    plan.clientRange,
    plan.podRange,
    `${plan.client(0)}/${plan.host}`,
    `${plan.node(1)}/${plan.host}`,
    ` ${plan.client(1)}/${plan.host - 1} `,
    plan.family === 'IPv4' ? '2001:db8::/32' : '192.0.2.0/24',
  ];
  return Array.from({ length: 1 + Math.floor(random() * 2) }, () => oneOf(random, known));
}

function ingressOf(random: Random, plan: AddressPlan, index: number): LoadBalancerIngress[] {
  const modes = [{}, { ipMode: 'VIP' }, { ipMode: 'VIP' }, { ipMode: 'Proxy' }] as const;
  return Array.from({ length: Math.floor(random() * 3) }, (_, which) => ({
    ip: plan.external(20 + index * 2 + which),
    ...oneOf(random, modes),
  }));
}

function slicesOf(random: Random, plan: AddressPlan, { metadata, spec }: Service): EndpointSlice[] {
  const endpoints = Array.from({ length: Math.floor(random() * 6) }, (_, index) => index);
  const style = { hints: random(), states: random() };
  const made = endpoints.map((index) => endpointOf(random, plan, { index, ...style }));
  const cut = Math.floor(random() * (made.length + 1));
  const parts = [made.slice(0, cut), made.slice(cut)];
  // What is in two slices is the same endpoint.
  if (sometimes(random, 0.2)) parts[0]?.push(...(parts[1] ?? []).slice(0, 1));
  return parts.map((part, number) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${metadata.name}-${number}`,
      namespace: metadata.namespace ?? '',
      labels: { 'kubernetes.io/service-name': sometimes(random, 0.97) ? metadata.name : 'nobody' },
    },
    addressType: plan.family,
    endpoints: part,
    ports: (spec.ports ?? [])
      .filter(() => sometimes(random, 0.95))
      .map(({ name = '', protocol = 'TCP', port }) => ({ name, protocol, port: 8_000 + port })),
  }));
}

interface EndpointStyle {
  readonly index: number;
  readonly hints: number;
  readonly states: number;
}

function endpointOf(random: Random, plan: AddressPlan, { index, hints, states }: EndpointStyle): Endpoint {
  const node = oneOf(random, [1, 1, 2, 3]);
  const isHost = sometimes(random, 0.05);
  const address = isHost && node !== 1 ? plan.node(node) : plan.pod(node, index);
  const conditions = sometimes(random, states) ? {} : oneOf(random, conditionsList);
  const hasHints = sometimes(random, hints > 0.6 ? 1 : hints);
  return {
    addresses: [address],
    ...(sometimes(random, 0.95) && { nodeName: `node-${node}` }),
    ...(Object.keys(conditions).length > 0 && { conditions }),
    ...(hasHints && {
      hints: {
        ...(sometimes(random, 0.8) && { forZones: [{ name: oneOf(random, zones) }] }),
        ...(sometimes(random, 0.5) && { forNodes: [{ name: `node-${node}` }] }),
      },
    }),
  };
}

const conditionsList = [
  { ready: true },
  { ready: true, serving: true, terminating: false },
  { ready: false },
  { ready: false, serving: false, terminating: true },
  { ready: false, serving: true, terminating: true },
  { ready: false, serving: true, terminating: true },
  { ready: false, serving: true, terminating: false },
];

/** Questions about everything that the Services of a world have, and a little that none has. */
export function randomQuestion(random: Random, plan: AddressPlan, world: OracleWorld): Question {
  const service = oneOf(random, world.services);
  const port = oneOf(random, service.spec.ports ?? [{ port: 80 }]);
  const destination = destinationOf(random, plan, { service, port });
  const isNode = destination === plan.node(1);
  const [own, other] = isNode ? [port.nodePort ?? 30_500, 30_501] : [port.port, 81];
  const { protocol = 'TCP' } = port;
  return {
    source: sourceOf(random, plan, world),
    destination,
    protocol: sometimes(random, 0.9) ? protocol : oneOf(random, ['TCP', 'UDP']),
    port: sometimes(random, 0.93) ? own : other,
  };
}

function destinationOf(
  random: Random,
  plan: AddressPlan,
  { service, port }: { readonly service: Service; readonly port: ServicePort },
): string {
  const { spec, status } = service;
  const balanced = (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip ?? '');
  const virtual = [spec.clusterIP ?? '', ...(spec.externalIPs ?? []), ...balanced];
  const known = virtual.filter((address) => address !== '' && address !== 'None');
  const nodes = Array.from({ length: port.nodePort === undefined ? 1 : 3 }, () => plan.node(1));
  const nobody = [plan.clusterIP(60), plan.external(19)];
  return oneOf(random, [...known, ...known, ...known, ...nodes, ...nobody]);
}

function sourceOf(random: Random, plan: AddressPlan, { slices }: OracleWorld): string {
  const endpoints = slices.flatMap((slice) => slice.endpoints.flatMap(({ addresses }) => addresses));
  const hosts = [plan.node(2), plan.node(3)];
  return oneOf(random, [
    plan.pod(1, 40),
    plan.pod(2, 40),
    plan.client(0),
    plan.client(1),
    plan.client(2),
    plan.node(1),
    plan.node(1),
    plan.tunnel(1),
    plan.node(2),
    // Pods that reach themselves.
    ...endpoints.filter((address) => !hosts.includes(address)).slice(0, 4),
  ]);
}
