import type { Node, Pod, PodSpec, PodStatus, Service } from '../../../src/api/types/core.ts';
import type { KubernetesObject, Labels, ObjectMeta, Protocol } from '../../../src/api/types/meta.ts';
import type { EndpointSlice, NetworkPolicy } from '../../../src/api/types/network.ts';
import type {
  AdminNetworkPolicy,
  BaselineAdminNetworkPolicy,
  ClusterNetworkPolicy,
} from '../../../src/api/types/policy.ts';
import { formatAddress, type Family } from '../../../src/lib/address.ts';
import { parsePrefix } from '../../../src/lib/prefix.ts';

/** The cluster as plain tables, read from its objects, as one address family sees it: no packet changes its family. */
export interface World {
  readonly family: Family;
  readonly nodes: readonly WorldNode[];
  readonly pods: readonly WorldPod[];
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  /** Those that are enforced. */
  readonly policies: readonly NetworkPolicy[];
  readonly clusterPolicies: readonly ClusterPolicy[];
  readonly namespaceLabels: ReadonlyMap<string, Labels>;
}

/** A policy with an order, of whatever kind. */
export type ClusterPolicy = ClusterNetworkPolicy | AdminNetworkPolicy | BaselineAdminNetworkPolicy;

export interface WorldNode {
  readonly name: string;
  readonly internalIP: string;
  /** Address of its tunnel device: the first of its pod CIDR. */
  readonly tunnel: string;
  readonly podCIDR: string;
  readonly labels: Labels;
}

export interface WorldPod {
  readonly key: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly address: string;
  readonly node: string;
  readonly hostNetwork: boolean;
  readonly ready: boolean;
  readonly ports: readonly { readonly name: string; readonly protocol: Protocol; readonly port: number }[];
}

/** Reads what is needed; pods without an address or a node are not there yet, ended ones no more. */
export function readWorld(objects: readonly KubernetesObject[], family: Family): World {
  const nodes: WorldNode[] = [];
  const pods: WorldPod[] = [];
  const services: Service[] = [];
  const slices: EndpointSlice[] = [];
  const policies: NetworkPolicy[] = [];
  const clusterPolicies: ClusterPolicy[] = [];
  const namespaceLabels = new Map<string, Labels>();
  for (const object of objects) {
    if (object.kind === 'Node') nodes.push(...readNode(object, family));
    else if (object.kind === 'Pod') pods.push(...readPod(object as Pod, family));
    else if (object.kind === 'Service') services.push(...readService(object as Service, family));
    else if (object.kind === 'EndpointSlice') slices.push(...readSlice(object as EndpointSlice, family));
    else if (object.metadata.annotations?.['policy.weft.dev/mode'] === 'audit') continue;
    else if (object.kind === 'NetworkPolicy') policies.push(object as NetworkPolicy);
    else if (object.kind.endsWith('NetworkPolicy')) clusterPolicies.push(object as ClusterPolicy);
    else if (object.kind === 'Namespace')
      namespaceLabels.set(object.metadata.name, object.metadata.labels ?? {});
  }
  return { family, nodes, pods, services, slices, policies, clusterPolicies, namespaceLabels };
}

const isOf = (family: Family, text: string): boolean => text.includes(':') === (family === 'IPv6');

function readNode({ metadata, spec, status }: Node, family: Family): WorldNode[] {
  const internal = status?.addresses?.find(
    ({ type, address }) => type === 'InternalIP' && isOf(family, address),
  );
  const podCIDR = [spec?.podCIDR ?? '', ...(spec?.podCIDRs ?? [])].find((text) => isOf(family, text));
  const cidr = podCIDR === undefined ? undefined : parsePrefix(podCIDR);
  if (internal === undefined || podCIDR === undefined || cidr === undefined) return [];
  const tunnel = formatAddress(cidr.network);
  return [
    { name: metadata.name, internalIP: internal.address, tunnel, podCIDR, labels: metadata.labels ?? {} },
  ];
}

/** A Service exists in its families only, and has an address and endpoints of its own in each. */
function readService(service: Service, family: Family): Service[] {
  const { ipFamilies, clusterIP = '', clusterIPs = [clusterIP] } = service.spec;
  if (ipFamilies !== undefined && !ipFamilies.includes(family)) return [];
  if (clusterIP === 'None') return [service];
  const own = clusterIPs.filter((text) => isOf(family, text));
  return [{ ...service, spec: { ...service.spec, clusterIP: own[0] ?? '', clusterIPs: own } }];
}

const readSlice = (slice: EndpointSlice, family: Family): EndpointSlice[] =>
  slice.addressType === family ? [slice] : [];

function addressIn({ podIP, podIPs = [] }: PodStatus, family: Family): string | undefined {
  const all = podIP === undefined ? [] : [podIP, ...podIPs.map(({ ip }) => ip)];
  return all.find((text) => isOf(family, text));
}

function readPod({ metadata, spec, status }: Pod, family: Family): WorldPod[] {
  const address = status === undefined ? undefined : addressIn(status, family);
  if (status === undefined || address === undefined || spec.nodeName === undefined) return [];
  if (status.phase === 'Succeeded' || status.phase === 'Failed') return [];
  const namespace = metadata.namespace ?? 'default';
  return [
    {
      key: `${namespace}/${metadata.name}`,
      namespace,
      labels: metadata.labels ?? {},
      address,
      node: spec.nodeName,
      hostNetwork: spec.hostNetwork ?? false,
      ready: isReady(metadata, status),
      ports: portsOf(spec),
    },
  ];
}

function isReady(metadata: ObjectMeta, status: PodStatus): boolean {
  const condition = status.conditions?.find(({ type }) => type === 'Ready');
  return metadata.deletionTimestamp === undefined && (condition === undefined || condition.status === 'True');
}

/** Sidecars listen too; other init containers have ended. */
function portsOf({ initContainers = [], containers }: PodSpec): WorldPod['ports'] {
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...sidecars, ...containers].flatMap(({ ports = [] }) =>
    ports.map(({ name = '', protocol = 'TCP', containerPort }) => ({ name, protocol, port: containerPort })),
  );
}

/** Labels of a namespace; every one has its name as a label, also where no object is given. */
export function labelsOfNamespace(world: World, namespace: string): Labels {
  return { ...world.namespaceLabels.get(namespace), 'kubernetes.io/metadata.name': namespace };
}

export function nodeNamed(world: World, name: string): WorldNode {
  const node = world.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) throw new RangeError(`no node ${name}`);
  return node;
}

/** The pod that owns this address; a hostNetwork pod owns none, its address is the node's. */
export function podWithAddress(world: World, address: string): WorldPod | undefined {
  return world.pods.find((pod) => !pod.hostNetwork && pod.address === address);
}

/** The node that owns this address. */
export function nodeWithAddress(world: World, address: string): WorldNode | undefined {
  return world.nodes.find((node) => node.internalIP === address || node.tunnel === address);
}
