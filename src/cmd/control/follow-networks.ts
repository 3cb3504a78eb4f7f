import { addressResources, fabricResources, resources, type Resource } from '../../api/resources.ts';
import type { NodeNetworkConfig } from '../../api/types/address.ts';
import type { Node } from '../../api/types/core.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { apiCode } from '../../client/errors.ts';
import type { Client, Informer } from '../../client/port.ts';
import { messageOf } from '../../lib/errors.ts';
import { formatPrefix, prefixesOfRange } from '../../lib/prefix.ts';
import { sameJson } from '../../lib/same-json.ts';
import { assignedRanges, nodeConfigNamespace } from '../../model/addressing/config-status.ts';
import { subnetModeOf } from '../../model/addressing/pod-subnets.ts';
import { buildWorld } from '../../model/fabric/network/build-world.ts';
import { defaultNetworkObjects } from '../../model/fabric/network/default-network.ts';
import { networkFabric } from '../../model/fabric/network/network-fabric.ts';
import { nodeInterfaces } from '../../model/fabric/network/node-interfaces.ts';
import { networkObjectsOf } from '../../model/fabric/network/objects.ts';
import { observedStatuses } from '../../model/fabric/network/statuses.ts';
import type { NetworkWorld } from '../../model/fabric/network/world.ts';
import { machinePlaces, mayMove } from '../../model/fabric/machine-places.ts';
import type { PodServing } from '../../workload/port.ts';
import { readBalancers } from './follow-balanced.ts';
import type { FollowNodesOptions, NodesFollower } from './follow-nodes.ts';
import { servingsOf } from './serve-machines.ts';

const kinds: readonly Resource[] = Object.values(fabricResources);

export interface NetworksFollower extends NodesFollower {
  /** As it was built last. */
  readonly world: () => NetworkWorld;
}

interface DescribedWorld {
  readonly world: NetworkWorld;
  /** Stand-ins on its machines. */
  readonly servings: readonly PodServing[];
}

/**
 * Builds the virtual networks around the nodes as the API describes them, from now on. Before it serves their kinds, as in
 * a new lab, they are what such a lab has. Rejects with `fabric-failed`.
 */
export async function followNetworks(options: FollowNodesOptions): Promise<NetworksFollower> {
  const { client, fabric, config, machines, log } = options;
  /** Whose objects say which addresses nodes have for their pods, where they have any. */
  const assigning: readonly Resource[] =
    subnetModeOf(config) === undefined ? [] : [addressResources.nodenetworkconfigs];
  let places = machinePlaces(options.places, (await client.list(resources.nodes)).items, config.model);

  const worldOf = (objects: readonly KubernetesObject[]): DescribedWorld => {
    const described = networkObjectsOf(objects);
    const nodes = nodeInterfaces(places, { config, networks: described.networks, assignedTo });
    const world = buildWorld(described, nodes);
    return { world, servings: servingsOf(world, described.machines ?? []) };
  };
  const apply = (objects: readonly KubernetesObject[]): NetworkWorld => {
    const { world, servings } = worldOf(objects);
    fabric.apply(networkFabric(world));
    machines.serve(servings);
    return world;
  };

  const stored = await listServed(client, kinds);
  const told = (await listServed(client, assigning)) as NodeNetworkConfig[];
  let configOf = (node: string): NodeNetworkConfig | undefined =>
    told.find(({ metadata }) => metadata.name === node);
  const balancers = await readBalancers(client);
  const assignedTo = (node: string): string[] => [
    ...prefixesOf(configOf(node)),
    ...balancers.of(node).map((address) => `${address}/32`),
  ];

  const first = worldOf(stored.length > 0 ? stored : (options.begun ?? defaultNetworkObjects(config.model)));
  await fabric.build(networkFabric(first.world));
  machines.serve(first.servings);
  let current = first.world;

  const informers = (): Iterable<KubernetesObject>[] => kinds.map((kind) => client.informer(kind).values());
  let applied: unknown;
  let isBehind = true;
  const follow = (): void => {
    places = machinePlaces(places, client.informer<Node>(resources.nodes).values(), config.model);
    const objects = informers().flatMap((values) => [...values]);
    const assigned = places.map(({ name }) => assignedTo(name));
    const now = { places, assigned, objects: objects.map(withoutObserved) };
    if (sameJson(now, applied)) return;
    isBehind = true;
    try {
      current = apply(objects);
      applied = now;
      isBehind = false;
      void tell(options, objects, current);
    } catch (error) {
      // What is missing is found by the next comparison with the kernel.
      log.error({ error: messageOf(error) }, 'the virtual networks could not follow');
    }
  };
  let isDue = false;
  /** Many objects come at once. */
  const soon = (): void => {
    if (isDue) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      follow();
    });
  };
  const followAll = async (all: readonly Informer<KubernetesObject>[]): Promise<void> => {
    // What is not read yet is not gone.
    const nodes = client.informer<Node>(resources.nodes);
    await Promise.all([...all, nodes].map(({ synced }) => synced));
    for (const informer of all) informer.onChange(soon);
    nodes.onChange((change) => {
      // Most of what is written about nodes says nothing of where they are.
      if (isBehind || mayMove(places, change, config.model)) soon();
    });
  };
  const followWith = async (all: readonly Informer<KubernetesObject>[]): Promise<void> => {
    if (assigning.length === 0) return followAll(all);
    const configs = client.informer(addressResources.nodenetworkconfigs);
    await followAll([...all, configs]);
    configOf = (node) => configs.get(`${nodeConfigNamespace}/${node}`);
    soon();
  };
  return {
    world: () => current,
    followPools() {
      const all: Informer<KubernetesObject>[] = kinds.map((kind) => client.informer(kind));
      void followWith(all);
      void balancers.follow(soon);
    },
  };
}

/** Of the addresses that a node was told that it has; worked out once for each object, which is told of time and again. */
function prefixesOf(config: NodeNetworkConfig | undefined): readonly string[] {
  if (config === undefined) return [];
  const known = knownPrefixes.get(config);
  if (known !== undefined) return known;
  const prefixes = assignedRanges(config.status).flatMap(prefixesOfRange).map(formatPrefix);
  knownPrefixes.set(config, prefixes);
  return prefixes;
}

const knownPrefixes = new WeakMap<NodeNetworkConfig, readonly string[]>();

/** Objects of all kinds, as far as they are served. */
async function listServed(client: Client, kinds: readonly Resource[]): Promise<KubernetesObject[]> {
  const lists = await Promise.all(
    kinds.map(async (kind) => {
      try {
        return (await client.list(kind)).items;
      } catch (error) {
        if (apiCode(error) === 'api-not-found') return [];
        throw error;
      }
    }),
  );
  return lists.flat();
}

/** The addresses that a status says its machine has are part of the world. */
function withoutObserved({ kind, metadata, ...object }: KubernetesObject): unknown {
  return { kind, name: metadata.name, ...object };
}

async function tell(
  { client, log }: FollowNodesOptions,
  objects: readonly KubernetesObject[],
  world: NetworkWorld,
): Promise<void> {
  for (const { resource, name, status } of observedStatuses(objects, world)) {
    try {
      await client.patch(resource, { name }, { body: { status }, subresource: 'status' });
    } catch (error) {
      log.debug({ error: messageOf(error), name }, 'a status could not be told');
    }
  }
}
