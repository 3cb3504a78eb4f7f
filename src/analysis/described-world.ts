import type { RouteTable } from '../api/types/fabric.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import type { Cluster } from '../model/cluster.ts';
import { buildWorld, type NetworkObjects } from '../model/fabric/network/build-world.ts';
import { defaultNetworkObjects } from '../model/fabric/network/default-network.ts';
import { nodeInterfaces } from '../model/fabric/network/node-interfaces.ts';
import { nodeRoutes } from '../model/fabric/network/node-routes.ts';
import { networkObjectsOf } from '../model/fabric/network/objects.ts';
import { subnetAt } from '../model/fabric/network/subnets.ts';
import type { NetworkWorld } from '../model/fabric/network/world.ts';
import { labAddresses } from '../model/network/lab-addresses.ts';
import { modelTraits } from '../model/network/models.ts';
import { ownAddresses } from '../model/network/pod-addresses.ts';
import type { NodePlace } from '../model/network/topology.ts';

type Described = Pick<Cluster, 'config' | 'surroundings' | 'pods'>;

/**
 * The virtual networks of a cluster whose controllers have seen to the routes to nodes' pods; `balanced` are nodes by the
 * load balancers' addresses that they are handed.
 */
export function settledWorld(
  cluster: Described,
  places: readonly NodePlace[],
  balanced: ReadonlyMap<string, string>,
): NetworkWorld {
  const world = describedWorld(cluster, places, balanced);
  return { ...world, routeTables: tablesWithNodes(world, places, cluster) };
}

/**
 * The virtual networks that the objects of a cluster describe, or the default one of its model, with those of its nodes
 * that have an address of a subnet, and of their pods.
 */
export function describedWorld(
  cluster: Described,
  places: readonly NodePlace[],
  balanced: ReadonlyMap<string, string> = new Map(),
): NetworkWorld {
  const { config } = cluster;
  const described = describedNetworks(cluster);
  const assigned = addressesByNode(cluster);
  const given = (node: string): string[] =>
    [...balanced].flatMap(([address, own]) => (own === node ? [`${address}/32`] : []));
  return buildWorld(
    described,
    nodeInterfaces(places, {
      config,
      networks: described.networks,
      assignedTo: (node) => [...(assigned.get(node) ?? []), ...given(node)],
    }),
  );
}

/**
 * The objects by which a cluster describes virtual networks, with those of the default world of its model that it does not
 * describe itself: every lab has these. Where nodes are in another network there is no default one to know of.
 */
export function describedNetworks({
  config,
  surroundings = [],
}: Pick<Cluster, 'config' | 'surroundings'>): NetworkObjects {
  const idOf = ({ kind, metadata }: KubernetesObject): string => `${kind} ${metadata.name}`;
  const described = new Set(surroundings.map(idOf));
  const own = networkObjectsOf(surroundings);
  const hasNodes = subnetAt(own.networks, labAddresses.control) !== undefined;
  const others = defaultNetworkObjects(config.model).filter(
    (object) => !described.has(idOf(object)) && !(hasNodes && object.kind === 'VirtualNetwork'),
  );
  return networkObjectsOf([...surroundings, ...others]);
}

/** Of the pods whose addresses are the network's own. */
function addressesByNode({ config, pods }: Described): Map<string, string[]> {
  const assigned = new Map<string, string[]>();
  if (modelTraits[config.model].podAddresses !== 'network') return assigned;
  for (const pod of pods.values()) {
    const { nodeName } = pod.spec;
    const prefixes = ownAddresses(pod).map((address) => `${address}/32`);
    if (nodeName !== undefined) assigned.set(nodeName, [...(assigned.get(nodeName) ?? []), ...prefixes]);
  }
  return assigned;
}

/** The tables of the nodes' subnets lead to the pods of each, where nothing else does (kubenet). */
function tablesWithNodes(
  { networks, routeTables }: NetworkWorld,
  nodes: readonly NodePlace[],
  { config }: Described,
): NetworkWorld['routeTables'] {
  const { world, wiring } = modelTraits[config.model];
  if (world !== 'virtual-network' || wiring.kind !== 'bridged') return routeTables;
  const tableOf = ({ address }: NodePlace): string | undefined =>
    subnetAt(networks.values(), address)?.subnet.routeTable;
  const byTable = Map.groupBy(nodes, tableOf);
  const settled = ([name, table]: [string, RouteTable]): [string, RouteTable] => {
    const own = byTable.get(name);
    if (own === undefined) return [name, table];
    const { routes } = nodeRoutes(table.spec.routes ?? [], own, config);
    return [name, { ...table, spec: { ...table.spec, routes: [...routes] } }];
  };
  return new Map(Array.from(routeTables, settled));
}
