import type { Service, ServicePort } from '../../../src/api/types/core.ts';
import type { Protocol } from '../../../src/api/types/meta.ts';
import type { EndpointSlice } from '../../../src/api/types/network.ts';
import { selects } from './selector.ts';
import { podWithAddress, type World, type WorldNode, type WorldPod } from './world.ts';

/** Where a Service sends a packet. */
export interface Backend {
  readonly address: string;
  readonly port: number;
  /** The pod, or the address where it is none. */
  readonly name: string;
  readonly node: string | undefined;
}

/** What a node's Service rules do with a packet: nothing, reject or drop it, or send it to one of the backends. */
export type ServiceAction =
  | { readonly kind: 'none' }
  | { readonly kind: 'rejected' }
  | { readonly kind: 'dropped' }
  | {
      readonly kind: 'translated';
      readonly by: 'cluster-ip' | 'node-port';
      /** Whoever is not the node itself is seen as it is. */
      readonly keepsSource: boolean;
      readonly backends: readonly Backend[];
    };

/** What the rules of `node` do with a packet to this address and port. */
export function serviceAction(world: World, node: WorldNode, packet: AskingPacket): ServiceAction {
  const isInside =
    podWithAddress(world, packet.source) !== undefined ||
    packet.source === node.internalIP ||
    packet.source === node.tunnel;
  for (const service of world.services) {
    const ports = service.spec.ports ?? [];
    const sameProtocol = ports.filter(({ protocol = 'TCP' }) => protocol === packet.protocol);
    if (clusterIPsOf(service).includes(packet.destination)) {
      const asked = sameProtocol.find(({ port }) => port === packet.port);
      // A cluster address whose port nobody declared.
      if (asked === undefined) return { kind: 'rejected' };
      const isLocal = service.spec.internalTrafficPolicy === 'Local';
      const backends = backendsOf(world, service, asked);
      return towards({ by: 'cluster-ip', keepsSource: false, isLocal, backends }, { service, node });
    }
    const asked = sameProtocol.find(({ nodePort }) => nodePort === packet.port);
    if (packet.destination === node.internalIP && asked !== undefined) {
      const keepsSource = service.spec.externalTrafficPolicy === 'Local';
      const isLocal = keepsSource && !isInside;
      const backends = backendsOf(world, service, asked);
      return towards({ by: 'node-port', keepsSource, isLocal, backends }, { service, node });
    }
  }
  return { kind: 'none' };
}

interface AskingPacket {
  readonly source: string;
  readonly destination: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** A Local policy keeps to the node's own backends; otherwise they are only preferred, where the Service says so. */
function towards(
  { by, keepsSource, isLocal, backends }: Omit<Translated, 'kind'> & { readonly isLocal: boolean },
  { service, node }: { readonly service: Service; readonly node: WorldNode },
): ServiceAction {
  if (backends.length === 0) return { kind: 'rejected' };
  const own = backends.filter((backend) => backend.node === node.name);
  if (isLocal) {
    return own.length === 0 ? { kind: 'dropped' } : { kind: 'translated', by, keepsSource, backends: own };
  }
  const prefersOwn = service.spec.trafficDistribution === 'PreferSameNode' && own.length > 0;
  return { kind: 'translated', by, keepsSource, backends: prefersOwn ? own : backends };
}

type Translated = Extract<ServiceAction, { kind: 'translated' }>;

/** A headless Service has none, nor has one of type ExternalName. */
export function clusterIPsOf({ spec }: Service): string[] {
  const addresses = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
  return spec.type === 'ExternalName'
    ? []
    : addresses.filter((address) => address !== '' && address !== 'None');
}

function backendsOf(world: World, service: Service, port: ServicePort): Backend[] {
  if (service.spec.selector === undefined) return slicedBackends(world, service, port);
  const backends: Backend[] = [];
  for (const pod of world.pods) {
    if (pod.namespace !== (service.metadata.namespace ?? 'default')) continue;
    if (!selects({ matchLabels: service.spec.selector }, pod.labels)) continue;
    if (!pod.ready && service.spec.publishNotReadyAddresses !== true) continue;
    const target = targetOf(pod, port);
    if (target !== undefined)
      backends.push({ address: pod.address, port: target, name: pod.key, node: pod.node });
  }
  return backends;
}

/** The port of the pod: by number, by the pod's own name for it, or the Service's port where none is given. */
function targetOf(pod: WorldPod, { targetPort, port, protocol = 'TCP' }: ServicePort): number | undefined {
  if (targetPort === undefined || typeof targetPort === 'number') return targetPort ?? port;
  return pod.ports.find((candidate) => candidate.name === targetPort && candidate.protocol === protocol)
    ?.port;
}

/** A Service without selector has the endpoints that somebody wrote down for it. */
function slicedBackends(world: World, service: Service, port: ServicePort): Backend[] {
  const backends: Backend[] = [];
  for (const slice of world.slices) {
    if (slice.metadata.namespace !== service.metadata.namespace) continue;
    if (slice.metadata.labels?.['kubernetes.io/service-name'] !== service.metadata.name) continue;
    const target = slicedTarget(slice, port);
    if (target === undefined) continue;
    for (const { addresses, conditions, nodeName: node } of slice.endpoints) {
      if (conditions?.ready === false) continue;
      for (const address of addresses.slice(0, 1)) {
        const pod = podWithAddress(world, address);
        backends.push({ address, port: target, name: pod?.key ?? address, node });
      }
    }
  }
  return backends;
}

function slicedTarget(slice: EndpointSlice, asked: ServicePort): number | undefined {
  for (const { name = '', protocol = 'TCP', port } of slice.ports ?? []) {
    if (name === (asked.name ?? '') && protocol === (asked.protocol ?? 'TCP')) return port;
  }
  return undefined;
}
