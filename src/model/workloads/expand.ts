import { applyDefaults } from '../../api/defaults/apply.ts';
import {
  fabricResources,
  layer2Resources,
  keyOf,
  loadBalancerResources,
  policyResources,
  resourceOf,
  resources,
  type Resource,
} from '../../api/resources.ts';
import type { VirtualMachine } from '../../api/types/fabric.ts';
import type { Namespace, Node } from '../../api/types/core.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { EndpointSlice } from '../../api/types/network.ts';
import type { Cluster } from '../cluster.ts';
import { withImaginedAddresses } from '../fabric/layer2/imagined-addresses.ts';
import { layer2Kinds, layer2ObjectsOf } from '../fabric/layer2/objects.ts';
import { machineEnds } from '../fabric/machine-ends.ts';
import { defaultNetworkObjects } from '../fabric/network/default-network.ts';
import { isOfGateways } from '../gateways/routes.ts';
import { familiesOfNetwork, networkConfigOf, type NetworkConfig } from '../network/config.ts';
import { modelTraits } from '../network/models.ts';
import { labNodeAddress, labNodeName } from '../network/lab-addresses.ts';
import { podBlocks, zoneLabel } from '../network/places.ts';
import { endpointSlicesOf } from './endpoint-slices.ts';
import { expandPods } from './expand-pods.ts';
import { mirroredSlicesOf } from './mirrored-slices.ts';
import { withLoadBalancers } from './expand-load-balancers.ts';
import { allocateServices } from './expand-services.ts';

export interface ExpandOptions {
  /** Nodes to imagine where the objects name none; 3 unless said otherwise. */
  readonly nodes?: number;
  /** Without it, the objects' ClusterNetwork decides, or the defaults. */
  readonly config?: NetworkConfig;
}

/**
 * The cluster that manifests describe, as it will be when everything runs: pods of all workloads made, bound,
 * with addresses and ready; Services with addresses and node ports; their EndpointSlices. Nodes, pods and slices
 * that are among the objects are taken as they are. The same objects give the same cluster. Objects must be
 * valid; kinds that do not matter to the network are left out.
 */
export function expandManifests(objects: readonly KubernetesObject[], options: ExpandOptions = {}): Cluster {
  const written = objects.map((object) => applyDefaults(withNamespace(object)));
  const config = options.config ?? networkConfigOf(ofResource(written, resources.clusternetworks)[0]);
  const all = [...written, ...undescribedNetworks(written, config)];
  const given = ofResource(all, resources.nodes);
  const nodes = given.length > 0 ? given : imaginedNodes(config, options.nodes ?? 3);
  const namespaces = byKey(withReferred(ofResource(all, resources.namespaces), all));
  const { services, ...loadBalancers } = withLoadBalancers(
    allocateServices(ofResource(all, resources.services), config),
    {
      pools: ofResource(all, loadBalancerResources.ipaddresspools),
      advertisements: ofResource(all, loadBalancerResources.l2advertisements),
      // Where nodes are a lab's, so is the segment.
      families: given.length > 0 ? [] : familiesOfNetwork(config),
      model: config.model,
      namespaces,
    },
  );
  const pods = expandPods(all, { nodes, config });
  const policies = ofResource(all, resources.networkpolicies);
  const addresses = byKey(ofResource(all, resources.endpoints));
  const slices = [
    ...ofResource(all, resources.endpointslices),
    ...services.flatMap((service) => mirroredSlicesOf(service, addresses.get(keyOf(service)))),
  ];
  return {
    config,
    namespaces,
    nodes: byKey(nodes),
    pods: byKey(pods),
    services: byKey(services),
    endpointSlices: byKey([...slices, ...missingSlices(services, pods, { given: slices, nodes })]),
    networkPolicies: byKey(policies),
    clusterNetworkPolicies: byKey(ofResource(all, policyResources.clusternetworkpolicies)),
    adminNetworkPolicies: byKey(ofResource(all, policyResources.adminnetworkpolicies)),
    baselineAdminNetworkPolicies: byKey(ofResource(all, policyResources.baselineadminnetworkpolicies)),
    ipAddressPools: byKey(loadBalancers.pools),
    l2Advertisements: byKey(loadBalancers.advertisements),
    bgpAdvertisements: byKey(ofResource(all, loadBalancerResources.bgpadvertisements)),
    bgpPeers: byKey(ofResource(all, loadBalancerResources.bgppeers)),
    machines: machineEnds(
      machinesAround(all, nodes).filter((machine) => isAround(machine, config)),
      ofResource(all, fabricResources.sites),
      byKey(nodes),
    ),
    surroundings: all.filter((object) => surrounding.has(resourceOf(object)?.plural ?? '')),
    ...layer2Of(all, config),
    gateways: all.filter(isOfGateways),
  };
}

/** What a lab has around its nodes besides, where the objects do not say otherwise. */
function undescribedNetworks(
  objects: readonly KubernetesObject[],
  { model }: NetworkConfig,
): KubernetesObject[] {
  const named = new Set(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  return defaultNetworkObjects(model).filter(({ kind, metadata }) => !named.has(`${kind} ${metadata.name}`));
}

function layer2Of(
  all: readonly KubernetesObject[],
  { model }: NetworkConfig,
): Pick<Cluster, 'layer2' | 'multiNetworkPolicies'> {
  if (modelTraits[model].world !== 'segment') return {};
  const layer2 = all.filter((object) => layer2Kinds.some((kind) => kind === resourceOf(object)));
  const policies = ofResource(all, layer2Resources.multinetworkpolicies);
  return {
    ...(layer2.length > 0 && { layer2 }),
    ...(policies.length > 0 && { multiNetworkPolicies: byKey(policies) }),
  };
}

function machinesAround(all: readonly KubernetesObject[], nodes: readonly Node[]): VirtualMachine[] {
  return withImaginedAddresses(layer2ObjectsOf(all), new Set(nodes.map(({ metadata }) => metadata.name)));
}

/** Whether the world of the model has what the machine is on: virtual networks, or segments. */
function isAround({ spec }: VirtualMachine, { model }: NetworkConfig): boolean {
  const isInNetworks = modelTraits[model].world === 'virtual-network';
  return spec.interfaces.some(({ network }) => (network !== undefined) === isInNetworks);
}

/** Kinds that describe virtual networks. */
const surrounding: ReadonlySet<string> = new Set(Object.keys(fabricResources));

/** Objects without a namespace are in `default`, as kubectl applies them. */
function withNamespace(object: KubernetesObject): KubernetesObject {
  const namespaced = resourceOf(object)?.namespaced ?? true;
  if (!namespaced || object.metadata.namespace !== undefined) return object;
  return { ...object, metadata: { ...object.metadata, namespace: 'default' } };
}

function ofResource<T extends KubernetesObject>(
  objects: readonly KubernetesObject[],
  resource: Resource<T>,
): T[] {
  // What a resource serves is of the resource's type.
  return objects.filter((object) => resourceOf(object) === resource) as T[];
}

function byKey<T extends KubernetesObject>(objects: readonly T[]): Map<string, T> {
  return new Map(objects.map((object) => [keyOf(object), object]));
}

/** Nodes as a lab makes them. */
function imaginedNodes(config: NetworkConfig, count: number): Node[] {
  return Array.from({ length: count }, (_, index) => {
    const name = labNodeName(index);
    const podCIDRs = podBlocks(config, index);
    const [podCIDR] = podCIDRs ?? [];
    const addresses = familiesOfNetwork(config).map((family) => labNodeAddress(index, family));
    return {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
      spec: podCIDR === undefined ? {} : { podCIDR, podCIDRs: [...(podCIDRs ?? [])] },
      status: {
        addresses: [
          ...addresses.map((address) => ({ type: 'InternalIP' as const, address })),
          { type: 'Hostname', address: name },
        ],
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    };
  });
}

/** The namespaces of the objects, and those that they are only in: these have just the label with their name. */
function withReferred(namespaces: readonly Namespace[], objects: readonly KubernetesObject[]): Namespace[] {
  const known = new Set(namespaces.map(({ metadata }) => metadata.name));
  const referred = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []));
  const missing = [...referred].filter((name) => !known.has(name));
  return [
    ...namespaces,
    ...missing.map((name) =>
      applyDefaults<Namespace>({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }),
    ),
  ];
}

/** The slices of every Service that has none among the objects. */
function missingSlices(
  services: readonly Parameters<typeof endpointSlicesOf>[0][],
  pods: Parameters<typeof endpointSlicesOf>[1],
  { given, nodes }: { readonly given: readonly EndpointSlice[]; readonly nodes: readonly Node[] },
): EndpointSlice[] {
  const zones = new Map(nodes.map(({ metadata }) => [metadata.name, metadata.labels?.[zoneLabel]]));
  const zoneOf = (node: string): string | undefined => zones.get(node);
  const served = new Set(
    given.map(({ metadata }) => `${metadata.namespace}/${metadata.labels?.['kubernetes.io/service-name']}`),
  );
  const byNamespace = Map.groupBy(pods, ({ metadata }) => metadata.namespace);
  return services
    .filter((service) => !served.has(keyOf(service)))
    .flatMap((service) =>
      endpointSlicesOf(service, byNamespace.get(service.metadata.namespace) ?? [], { zoneOf }),
    );
}
