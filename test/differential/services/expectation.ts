/**
 * What a node does with a packet to a Service, told from the documentation of Kubernetes (Services and Virtual IPs,
 * KEP-1669, 1860, 2086, 2433, 3015) and kube-proxy's documented behaviour. It shares no code with the program, and goes through
 * every Service for every question.
 */
import { BlockList, isIPv6 } from 'node:net';
import type { Service, ServicePort } from '../../../src/api/types/core.ts';
import type { Endpoint, EndpointSlice } from '../../../src/api/types/network.ts';

export interface OracleWorld {
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  readonly node: OracleNode;
  readonly podRange: string;
  readonly serviceRange: string;
  readonly masqueradeAll: boolean;
  readonly ignoresExternalIPs: boolean;
}

export interface OracleNode {
  readonly name: string;
  readonly zone?: string;
  readonly address: string;
  /** What other nodes see of it behind its tunnel. */
  readonly tunnelAddress: string;
}

export interface Question {
  readonly source: string;
  readonly destination: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number;
}

export type Expectation =
  /** No Service has it: it goes where it was sent. */
  | { readonly kind: 'untouched' }
  | { readonly kind: 'rejected' }
  | { readonly kind: 'dropped' }
  | {
      readonly kind: 'translated';
      /** `address port` of each that may get it. */
      readonly backends: ReadonlySet<string>;
      /** Those who see an address of the node instead of the source. */
      readonly masqueraded: ReadonlySet<string>;
      /** Clients stay with one of the backends: the same for all ways to the same set of this port. */
      readonly affinity: string | undefined;
    };

export function expect(world: OracleWorld, question: Question): Expectation {
  const services = world.services.filter(isProxied);
  return (
    byClusterIP(world, services, question) ??
    byExternalAddress(world, services, question) ??
    byNodePort(world, services, question) ?? { kind: 'untouched' }
  );
}

/** What comes of a packet by one of the ways; undefined where it does not come that way. */
type Way = (world: OracleWorld, services: readonly Service[], question: Question) => Expectation | undefined;

const byClusterIP: Way = (world, services, question) => {
  const service = services.find(({ spec }) => clusterIPs(spec).includes(question.destination));
  if (service === undefined) {
    return isIn([world.serviceRange], question.destination) ? { kind: 'dropped' } : undefined;
  }
  const port = portOf(service, question);
  if (port === undefined) return { kind: 'rejected' };
  return towards(world, question, { service, port, isExternal: false });
};

const byExternalAddress: Way = (world, services, question) => {
  for (const service of services) {
    const port = portOf(service, question);
    const isBalanced = balanced(service).includes(question.destination);
    const external = world.ignoresExternalIPs ? [] : (service.spec.externalIPs ?? []);
    if (port === undefined || !(isBalanced || external.includes(question.destination))) continue;
    if (isBalanced && !mayCome(world, service, question)) return { kind: 'dropped' };
    return towards(world, question, { service, port, isExternal: true });
  }
  return undefined;
};

const byNodePort: Way = (world, services, question) => {
  if (question.destination !== world.node.address) return undefined;
  for (const service of services) {
    if (service.spec.type !== 'NodePort' && service.spec.type !== 'LoadBalancer') continue;
    const port = (service.spec.ports ?? []).find(
      ({ nodePort, protocol = 'TCP' }) => nodePort === question.port && protocol === question.protocol,
    );
    if (port !== undefined) return towards(world, question, { service, port, isExternal: true });
  }
  return undefined;
};

const otherProxy = 'service.kubernetes.io/service-proxy-name';

function isProxied({ metadata, spec }: Service): boolean {
  return (
    spec.type !== 'ExternalName' && clusterIPs(spec).length > 0 && metadata.labels?.[otherProxy] === undefined
  );
}

function clusterIPs({ clusterIPs: all, clusterIP }: Service['spec']): string[] {
  return (all ?? [clusterIP ?? '']).filter((address) => address !== '' && address !== 'None');
}

function portOf({ spec }: Service, { port, protocol }: Question): ServicePort | undefined {
  return spec.ports?.find((one) => one.port === port && (one.protocol ?? 'TCP') === protocol);
}

/** What the load balancer does not take itself. */
function balanced({ spec, status }: Service): string[] {
  if (spec.type !== 'LoadBalancer') return [];
  const ingress = status?.loadBalancer?.ingress ?? [];
  return ingress.filter(({ ipMode }) => ipMode !== 'Proxy').map(({ ip }) => ip ?? '');
}

function mayCome(world: OracleWorld, { spec }: Service, { source, destination }: Question): boolean {
  const ranges = spec.loadBalancerSourceRanges ?? [];
  if (ranges.length === 0 || isIn(ranges, source)) return true;
  // A node that may come may have the load balancer's address.
  return source === destination && isIn(ranges, world.node.address);
}

interface Asked {
  readonly service: Service;
  readonly port: ServicePort;
  readonly isExternal: boolean;
}

function towards(world: OracleWorld, { source }: Question, asked: Asked): Expectation {
  const { service, port, isExternal } = asked;
  const { internalTrafficPolicy, externalTrafficPolicy, sessionAffinity } = service.spec;
  const known = backendsOf(world, service, port);
  const serving = known.filter(({ state }) => state !== 'unusable');
  if (serving.length === 0) return { kind: 'rejected' };
  const isNode = [world.node.address, world.node.tunnelAddress].includes(source);
  const isInside = isNode || isIn([world.podRange], source);
  const isLocal = isExternal
    ? externalTrafficPolicy === 'Local' && !isInside
    : internalTrafficPolicy === 'Local';
  const chosen = isLocal
    ? preferReady(serving.filter(({ endpoint }) => endpoint.nodeName === world.node.name))
    : nearest(world, preferReady(serving));
  if (chosen.length === 0) return { kind: 'dropped' };
  const seenAsNode = ({ address }: Backend): boolean => {
    if (world.masqueradeAll || isNode || address === source) return true;
    // The outside sees a pod by the address of its node, also where a Service sends it there.
    if (!isIn([world.podRange], address)) return true;
    return isExternal ? externalTrafficPolicy !== 'Local' : !isInside;
  };
  const name = `${service.metadata.name} ${port.protocol ?? 'TCP'} ${port.port} ${isLocal ? 'local' : 'cluster'}`;
  return {
    kind: 'translated',
    backends: new Set(chosen.map(idOf)),
    masqueraded: new Set(chosen.filter(seenAsNode).map(idOf)),
    affinity: sessionAffinity === 'ClientIP' ? name : undefined,
  };
}

interface Backend {
  readonly address: string;
  readonly port: number;
  readonly endpoint: Endpoint;
  readonly state: 'ready' | 'terminating' | 'unusable';
}

const idOf = ({ address, port }: Backend): string => `${address} ${port}`;

function backendsOf(
  { slices, serviceRange }: OracleWorld,
  { metadata }: Service,
  asked: ServicePort,
): Backend[] {
  const family = isIPv6(serviceRange.slice(0, serviceRange.indexOf('/'))) ? 'IPv6' : 'IPv4';
  const backends = new Map<string, Backend>();
  for (const slice of slices) {
    if (slice.metadata.namespace !== metadata.namespace || slice.addressType !== family) continue;
    if (slice.metadata.labels?.['kubernetes.io/service-name'] !== metadata.name) continue;
    const port = portIn(slice, asked);
    if (port === undefined) continue;
    for (const endpoint of slice.endpoints) {
      const [address = ''] = endpoint.addresses;
      const backend = { address, port, endpoint, state: stateOf(endpoint) };
      if (isBetter(backend, backends.get(idOf(backend)))) backends.set(idOf(backend), backend);
    }
  }
  return [...backends.values()];
}

function portIn({ ports = [] }: EndpointSlice, asked: ServicePort): number | undefined {
  const found = ports.find(
    ({ name = '', protocol = 'TCP' }) =>
      name === (asked.name ?? '') && protocol === (asked.protocol ?? 'TCP'),
  );
  return found?.port;
}

/** Who is there twice counts in the better state, and as it was first said to be, hints and all, where that is the same. */
function isBetter(one: Backend, known: Backend | undefined): boolean {
  const order: readonly Backend['state'][] = ['ready', 'terminating', 'unusable'];
  return known === undefined || order.indexOf(one.state) < order.indexOf(known.state);
}

function stateOf({ conditions: { ready, serving, terminating } = {} }: Endpoint): Backend['state'] {
  if (ready !== false) return 'ready';
  return serving === true && terminating === true ? 'terminating' : 'unusable';
}

/** Who terminates gets something only where nobody else is. */
function preferReady(backends: readonly Backend[]): readonly Backend[] {
  const ready = backends.filter(({ state }) => state === 'ready');
  return ready.length > 0 ? ready : backends;
}

/** Hints are of ready endpoints, and count only where all of them have one and one of them is for here. */
function nearest({ node }: OracleWorld, backends: readonly Backend[]): readonly Backend[] {
  if (backends.some(({ state }) => state !== 'ready')) return backends;
  const hintsOf = ({ endpoint: { hints } }: Backend, what: 'forNodes' | 'forZones'): string[] =>
    (hints?.[what] ?? []).map(({ name }) => name);
  for (const [what, here] of [
    ['forNodes', node.name],
    ['forZones', node.zone],
  ] as const) {
    const isComplete = backends.every((backend) => hintsOf(backend, what).length > 0);
    const own = backends.filter((backend) => hintsOf(backend, what).includes(here ?? ''));
    if (isComplete && own.length > 0) return own;
  }
  return backends;
}

function isIn(ranges: readonly string[], address: string): boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', length] = range.trim().split('/');
    list.addSubnet(network, Number(length), isIPv6(network) ? 'ipv6' : 'ipv4');
  }
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
