import {
  apiVersionOf,
  fabricResources,
  gatewayResources,
  keyOf,
  layer2Resources,
  loadBalancerResources,
  policyResources,
  resources,
  type Resource,
} from '../api/resources.ts';
import type { Site, VirtualMachine } from '../api/types/fabric.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import type { Client } from '../client/port.ts';
import { WeftError } from '../lib/errors.ts';
import type { Cluster } from '../model/cluster.ts';
import { layer2Kinds } from '../model/fabric/layer2/objects.ts';
import { machineEnds } from '../model/fabric/machine-ends.ts';
import { networkConfigOf, type NetworkConfig } from '../model/network/config.ts';
import { modelTraits } from '../model/network/models.ts';
import { hasEnded } from '../model/workloads/pod-state.ts';

/**
 * Reads everything that decides about packets from a running cluster, all kinds at once. Pods that have ended are
 * left out: nothing of them is in the network any more. Rejects as `Client.list`.
 */
export async function readCluster(client: Pick<Client, 'list'>): Promise<Cluster> {
  const [
    networks,
    [virtualMachines, sites],
    policies,
    loadBalancers,
    namespaces,
    nodes,
    pods,
    services,
    endpointSlices,
    networkPolicies,
  ] = await Promise.all([
    readIfServed(client, resources.clusternetworks),
    readMachines(client),
    readPolicies(client),
    readLoadBalancers(client),
    read(client, resources.namespaces),
    read(client, resources.nodes),
    read(client, resources.pods),
    read(client, resources.services),
    read(client, resources.endpointslices),
    read(client, resources.networkpolicies),
  ]);
  const config = networkConfigOf(networks.get('default'));
  for (const [key, pod] of pods) if (hasEnded(pod)) pods.delete(key);
  return {
    config,
    namespaces,
    nodes,
    pods,
    services,
    endpointSlices,
    networkPolicies,
    machines: machineEnds(virtualMachines.values(), sites.values(), nodes),
    ...policies,
    ...loadBalancers,
    ...(await readSurroundings(client, config)),
  };
}

/** What can be named as a machine: VirtualMachines, and Sites. */
function readMachines(
  client: Pick<Client, 'list'>,
): Promise<[Map<string, VirtualMachine>, Map<string, Site>]> {
  return Promise.all([
    readIfServed(client, fabricResources.virtualmachines),
    readIfServed(client, fabricResources.sites),
  ]);
}

/** Policies of the kinds that not every cluster has. */
async function readPolicies(
  client: Pick<Client, 'list'>,
): Promise<
  Pick<Cluster, 'clusterNetworkPolicies' | 'adminNetworkPolicies' | 'baselineAdminNetworkPolicies'>
> {
  const [clusterNetworkPolicies, adminNetworkPolicies, baselineAdminNetworkPolicies] = await Promise.all([
    readIfServed(client, policyResources.clusternetworkpolicies),
    readIfServed(client, policyResources.adminnetworkpolicies),
    readIfServed(client, policyResources.baselineadminnetworkpolicies),
  ]);
  return { clusterNetworkPolicies, adminNetworkPolicies, baselineAdminNetworkPolicies };
}

/** What is around nodes that are on a segment. Items of a list need not say what they are. */
async function readLayer2(
  client: Pick<Client, 'list'>,
): Promise<Pick<Cluster, 'layer2' | 'multiNetworkPolicies'>> {
  const [multiNetworkPolicies, ...objects] = await Promise.all([
    readIfServed(client, layer2Resources.multinetworkpolicies),
    ...layer2Kinds.map(async (kind) => {
      const found = await readIfServed(client, kind);
      return [...found.values()].map((one) => ({ ...one, apiVersion: apiVersionOf(kind), kind: kind.kind }));
    }),
  ]);
  return { layer2: objects.flat(), multiNetworkPolicies };
}

/** What is around the nodes. */
async function readSurroundings(
  client: Pick<Client, 'list'>,
  { model }: Pick<NetworkConfig, 'model'>,
): Promise<Pick<Cluster, 'surroundings' | 'layer2' | 'multiNetworkPolicies'>> {
  if (modelTraits[model].world !== 'virtual-network') return readLayer2(client);
  const kinds: readonly Resource[] = Object.values(fabricResources);
  const objects = await Promise.all(kinds.map((kind) => readIfServed(client, kind)));
  return { surroundings: objects.flatMap((one) => [...one.values()]) };
}

/** What passes requests from outside on, as far as the cluster has such kinds: beside the rest, for few questions need it. */
export async function readGateways(client: Pick<Client, 'list'>): Promise<Pick<Cluster, 'gateways'>> {
  const kinds: readonly Resource[] = Object.values(gatewayResources);
  const objects = await Promise.all(
    kinds.map(async (kind) => {
      const found = await readIfServed(client, kind);
      // Items of a list need not say what they are.
      return [...found.values()].map((one) => ({ ...one, apiVersion: apiVersionOf(kind), kind: kind.kind }));
    }),
  );
  return { gateways: objects.flat() };
}

const loadBalancerFields = ['ipAddressPools', 'l2Advertisements', 'bgpAdvertisements', 'bgpPeers'] as const;

async function readLoadBalancers(
  client: Pick<Client, 'list'>,
): Promise<Pick<Cluster, (typeof loadBalancerFields)[number]>> {
  const [ipAddressPools, l2Advertisements, bgpAdvertisements, bgpPeers] = await Promise.all([
    readIfServed(client, loadBalancerResources.ipaddresspools),
    readIfServed(client, loadBalancerResources.l2advertisements),
    readIfServed(client, loadBalancerResources.bgpadvertisements),
    readIfServed(client, loadBalancerResources.bgppeers),
  ]);
  return { ipAddressPools, l2Advertisements, bgpAdvertisements, bgpPeers };
}

async function readIfServed<T extends KubernetesObject>(
  client: Pick<Client, 'list'>,
  resource: Resource<T>,
): Promise<Map<string, T>> {
  try {
    return await read(client, resource);
  } catch (error) {
    if (error instanceof WeftError && error.code === 'api-not-found') return new Map();
    throw error;
  }
}

async function read<T extends KubernetesObject>(
  client: Pick<Client, 'list'>,
  resource: Resource<T>,
): Promise<Map<string, T>> {
  const { items } = await client.list(resource);
  return new Map(items.map((item) => [keyOf(item), item]));
}

const kinds = {
  namespaces: 'namespaces',
  nodes: 'nodes',
  pods: 'pods',
  services: 'services',
  endpointSlices: 'endpointslices',
  networkPolicies: 'networkpolicies',
  clusterNetworkPolicies: 'clusternetworkpolicies',
  adminNetworkPolicies: 'adminnetworkpolicies',
  baselineAdminNetworkPolicies: 'baselineadminnetworkpolicies',
} as const satisfies Partial<Record<keyof Cluster, keyof typeof resources | keyof typeof policyResources>>;

const fields = Object.keys(kinds) as (keyof typeof kinds)[];

/** The newest resourceVersion of any object, by plural name: what `LabConnection.programmed` waits for. */
export function versionsOf(cluster: Cluster): Record<string, string> {
  return Object.fromEntries(fields.map((field) => [kinds[field], newestOf(cluster[field])]));
}

function newestOf(objects: ReadonlyMap<string, KubernetesObject>): string {
  let newest = 0n;
  for (const { metadata } of objects.values()) {
    const version = BigInt(metadata.resourceVersion ?? '0');
    if (version > newest) newest = version;
  }
  return String(newest);
}

/** Whether every object of one reading is in the other, in the same version. */
export function isUnchanged(before: Cluster, after: Cluster): boolean {
  const all = [...fields, ...loadBalancerFields] as const;
  return all.every((field) => isSame(before[field], after[field]));
}

function isSame(
  before: ReadonlyMap<string, KubernetesObject>,
  after: ReadonlyMap<string, KubernetesObject>,
): boolean {
  if (before.size !== after.size) return false;
  for (const [key, { metadata }] of before) {
    const other = after.get(key)?.metadata;
    if (other?.uid !== metadata.uid || other?.resourceVersion !== metadata.resourceVersion) return false;
  }
  return true;
}
