import type { Service, ServicePort, ServiceSpec } from '../../api/types/core.ts';
import { canonicalAddress, familyOf, type Family } from '../../lib/address.ts';
import type { Protocol } from '../../api/types/meta.ts';
import type { Endpoint, EndpointSlice } from '../../api/types/network.ts';
import { removedEndpointsAnnotation } from '../../api/validate/removed-endpoints.ts';
import { parsePrefix } from '../../lib/prefix.ts';
import { poolOfAddress, type Pool } from '../load-balancer/pools.ts';
import { wantsAddresses } from '../load-balancer/request.ts';
import type { GuardedAddress, ServiceEndpoint, ServicePortModel } from './port.ts';

/** Services with this label are served by somebody else. */
const otherProxyLabel = 'service.kubernetes.io/service-proxy-name';

/**
 * A Service and its EndpointSlices as ports, in the order of the Service, for each family that it has an address of.
 * None for a headless Service, an ExternalName, one without a cluster address yet, or one that names another proxy.
 */
export function servicePortsOf(
  wanted: Service,
  slices: Iterable<EndpointSlice>,
  { externalIPs = 'Allow', pools = [] }: ServiceOptions = {},
): readonly ServicePortModel[] {
  const service = externalIPs === 'Allow' ? wanted : { ...wanted, spec: { ...wanted.spec, externalIPs: [] } };
  const clusterIPs = clusterIPsOf(service);
  const all = [...slices];
  return [...new Set(clusterIPs.map(familyOf))].flatMap((family) =>
    portsInFamily(service, {
      family,
      clusterIPs: clusterIPs.filter((address) => familyOf(address) === family),
      slices: all.filter(({ addressType }) => addressType === family),
      pools,
    }),
  );
}

/** What the cluster's configuration says about all Services. */
export interface ServiceOptions {
  /** `Ignore`: nobody is reached by the externalIPs of a Service. */
  readonly externalIPs?: 'Allow' | 'Ignore';
  /** Of which the cluster gives load balancers' addresses. */
  readonly pools?: readonly Pool[];
}

interface InFamily {
  readonly family: Family;
  readonly clusterIPs: readonly string[];
  readonly slices: readonly EndpointSlice[];
  readonly pools: readonly Pool[];
}

function portsInFamily(
  service: Service,
  { family, clusterIPs, slices, pools }: InFamily,
): ServicePortModel[] {
  const { namespace = 'default', name } = service.metadata;
  const outside = outsideOf(service, family, pools);
  const resetsTcp = service.metadata.annotations?.[removedEndpointsAnnotation] === 'reset';
  return (service.spec.ports ?? []).map((port) => {
    const { protocol = 'TCP' } = port;
    return {
      key: `${namespace}/${name}:${protocol}/${port.port}${family === 'IPv6' ? ' IPv6' : ''}`,
      family,
      service: `${namespace}/${name}`,
      portName: port.name ?? '',
      protocol,
      port: port.port,
      clusterIPs,
      ...outside,
      nodePort: nodePortOf(service, port),
      ...policiesOf(service.spec),
      affinitySeconds: affinityOf(service.spec),
      ...(resetsTcp && { resetsTcp }),
      ...chooseEndpoints(candidatesOf(slices, port.name ?? '', protocol)),
    };
  });
}

/** Whether somebody else than the cluster's proxy serves it. */
export function isOfOtherProxy({ metadata }: Service): boolean {
  return metadata.labels?.[otherProxyLabel] !== undefined;
}

function clusterIPsOf(service: Service): string[] {
  const { spec } = service;
  if (spec.type === 'ExternalName' || isOfOtherProxy(service)) return [];
  const addresses = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
  return addresses.filter((address) => address !== 'None' && address !== '').map(canonicalAddress);
}

/** A LoadBalancer is reached through its node ports as well. */
function nodePortOf({ spec }: Service, { nodePort }: ServicePort): number | undefined {
  const hasNodePorts = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  return hasNodePorts && nodePort !== 0 ? nodePort : undefined;
}

/** The addresses by which the outside comes. What a load balancer takes itself (ipMode `Proxy`) no node takes. */
function outsideOf(
  service: Service,
  family: Family,
  pools: readonly Pool[],
): Pick<ServicePortModel, 'externalAddresses' | 'pooledAddresses' | 'guarded'> {
  const { spec, status } = service;
  const inFamily = (addresses: readonly string[]): string[] =>
    addresses.map(canonicalAddress).filter((address) => familyOf(address) === family);
  const ingress = spec.type === 'LoadBalancer' ? (status?.loadBalancer?.ingress ?? []) : [];
  const balanced = inFamily(
    ingress.flatMap(({ ip, ipMode = 'VIP' }) => (ip === undefined || ipMode === 'Proxy' ? [] : ip)),
  );
  // Of somebody else's load balancer it may also be a machine's own address.
  const isPooled = (address: string): boolean => poolOfAddress(pools, address) !== undefined;
  return {
    externalAddresses: [...new Set([...balanced, ...inFamily(spec.externalIPs ?? [])])],
    pooledAddresses: wantsAddresses(service) ? balanced.filter(isPooled) : none,
    guarded: guardedOf(spec, balanced, family),
  };
}

const none: readonly string[] = [];

/** Without ranges everybody may come; with ranges of the other family alone, nobody of this one. */
function guardedOf(spec: ServiceSpec, addresses: readonly string[], family: Family): GuardedAddress[] {
  const { loadBalancerSourceRanges = [] } = spec;
  if (loadBalancerSourceRanges.length === 0) return [];
  const sourceRanges = loadBalancerSourceRanges
    .map((range) => range.trim())
    .filter((range) => parsePrefix(range)?.family === family);
  return addresses.map((address) => ({ address, sourceRanges }));
}

/** Cluster unless said otherwise; the external one means nothing to a Service that nobody outside can reach. */
function policiesOf({
  internalTrafficPolicy = 'Cluster',
  externalTrafficPolicy = 'Cluster',
}: ServiceSpec): Pick<ServicePortModel, 'internalPolicy' | 'externalPolicy'> {
  return { internalPolicy: internalTrafficPolicy, externalPolicy: externalTrafficPolicy };
}

/** Three hours unless said otherwise, as the API server's own default. */
function affinityOf({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): number | undefined {
  if (sessionAffinity !== 'ClientIP') return undefined;
  return sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800;
}

interface Candidate {
  readonly endpoint: ServiceEndpoint;
  readonly state: EndpointState;
}

/** In the order of preference (KEP-1669); `unusable` is an endpoint that must never get a new connection. */
type EndpointState = 'ready' | 'draining' | 'unusable';

/** Every endpoint of a port, by address and port; an endpoint in two slices counts in its better state. */
function candidatesOf(slices: readonly EndpointSlice[], portName: string, protocol: Protocol): Candidate[] {
  const candidates = new Map<string, Candidate>();
  for (const slice of slices) {
    const port = slice.ports?.find(
      (port) => (port.name ?? '') === portName && (port.protocol ?? 'TCP') === protocol,
    );
    if (port?.port === undefined) continue;
    for (const endpoint of slice.endpoints) {
      const candidate = candidateOf(endpoint, port.port);
      if (candidate === undefined) continue;
      const key = `${candidate.endpoint.address} ${candidate.endpoint.port}`;
      if (preference(candidate) < preference(candidates.get(key))) candidates.set(key, candidate);
    }
  }
  return [...candidates.values()];
}

/** All addresses of an Endpoint are the same pod, and only the first is used (EndpointSlice, `addresses`). */
function candidateOf(endpoint: Endpoint, port: number): Candidate | undefined {
  const { addresses, nodeName, targetRef, hints } = endpoint;
  const [first] = addresses;
  if (first === undefined) return undefined;
  const address = canonicalAddress(first);
  const pod = targetRef?.kind === 'Pod' ? `${targetRef.namespace ?? 'default'}/${targetRef.name}` : undefined;
  const state = stateOf(endpoint);
  const names = (list: readonly { name: string }[] = []): string[] => list.map(({ name }) => name);
  // Only the ready ones are chosen by where they are.
  const meant =
    hints === undefined || state !== 'ready'
      ? {}
      : { hints: { zones: names(hints.forZones), nodes: names(hints.forNodes) } };
  const leaving = state === 'draining' ? ({ isTerminating: true } as const) : {};
  return { endpoint: { address, port, nodeName, pod, ...meant, ...leaving }, state };
}

/** Conditions that are not told: ready unless said otherwise, serving as ready, not terminating. */
function stateOf({ conditions = {} }: Endpoint): EndpointState {
  const ready = conditions.ready ?? true;
  if (ready) return 'ready';
  const serving = conditions.serving ?? ready;
  return serving && conditions.terminating === true ? 'draining' : 'unusable';
}

const preferences: readonly EndpointState[] = ['ready', 'draining', 'unusable'];

function preference(candidate: Candidate | undefined): number {
  return candidate === undefined ? preferences.length : preferences.indexOf(candidate.state);
}

function chooseEndpoints(candidates: readonly Candidate[]): Pick<ServicePortModel, 'endpoints' | 'draining'> {
  const inState = (wanted: EndpointState): ServiceEndpoint[] =>
    candidates
      .filter(({ state }) => state === wanted)
      .map(({ endpoint }) => endpoint)
      .sort(byAddressAndPort);
  const [ready, draining] = [inState('ready'), inState('draining')];
  return ready.length > 0 ? { endpoints: ready, draining } : { endpoints: draining, draining: [] };
}

function byAddressAndPort(a: ServiceEndpoint, b: ServiceEndpoint): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  return a.port - b.port;
}
