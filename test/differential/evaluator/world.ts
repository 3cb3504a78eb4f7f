import type { Node, Pod, PodSpec, PodStatus, Service } from '../../../src/api/types/core.ts';
import type { KubernetesObject, Labels, ObjectMeta, Protocol } from '../../../src/api/types/meta.ts';
import type { EndpointSlice, NetworkPolicy } from '../../../src/api/types/network.ts';
import { formatAddress } from '../../../src/lib/address.ts';
import { parsePrefix } from '../../../src/lib/prefix.ts';

/** The cluster as plain tables, read from its objects. */
export interface World {
  readonly nodes: readonly WorldNode[];
  readonly pods: readonly WorldPod[];
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  readonly policies: readonly NetworkPolicy[];
  readonly namespaceLabels: ReadonlyMap<string, Labels>;
}

export interface WorldNode {
  readonly name: string;
  readonly internalIP: string;
  /** Address of its tunnel device: the first of its pod CIDR. */
  readonly tunnel: string;
  readonly podCIDR: string;
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
export function readWorld(objects: readonly KubernetesObject[]): World {
  const nodes: WorldNode[] = [];
  const pods: WorldPod[] = [];
  const services: Service[] = [];
  const slices: EndpointSlice[] = [];
  const policies: NetworkPolicy[] = [];
  const namespaceLabels = new Map<string, Labels>();
  for (const object of objects) {
    if (object.kind === 'Node') nodes.push(...readNode(object));
    else if (object.kind === 'Pod') pods.push(...readPod(object as Pod));
    else if (object.kind === 'Service') services.push(object as Service);
    else if (object.kind === 'EndpointSlice') slices.push(object as EndpointSlice);
    else if (object.kind === 'NetworkPolicy') policies.push(object as NetworkPolicy);
    else if (object.kind === 'Namespace')
      namespaceLabels.set(object.metadata.name, object.metadata.labels ?? {});
  }
  return { nodes, pods, services, slices, policies, namespaceLabels };
}

function readNode({ metadata, spec, status }: Node): WorldNode[] {
  const internal = status?.addresses?.find(({ type }) => type === 'InternalIP');
  const podCIDR = spec?.podCIDR;
  const cidr = podCIDR === undefined ? undefined : parsePrefix(podCIDR);
  if (internal === undefined || podCIDR === undefined || cidr === undefined) return [];
  const tunnel = formatAddress(cidr.network);
  return [{ name: metadata.name, internalIP: internal.address, tunnel, podCIDR }];
}

function readPod({ metadata, spec, status }: Pod): WorldPod[] {
  if (status?.podIP === undefined || spec.nodeName === undefined) return [];
  if (status.phase === 'Succeeded' || status.phase === 'Failed') return [];
  const namespace = metadata.namespace ?? 'default';
  return [
    {
      key: `${namespace}/${metadata.name}`,
      namespace,
      labels: metadata.labels ?? {},
      address: status.podIP,
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
