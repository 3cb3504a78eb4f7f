import type { Cluster } from '../model/cluster.ts';
import { buildWorld } from '../model/fabric/network/build-world.ts';
import { defaultNetworkObjects } from '../model/fabric/network/default-network.ts';
import { nodeInterfaces } from '../model/fabric/network/node-interfaces.ts';
import { networkObjectsOf } from '../model/fabric/network/objects.ts';
import type { NetworkWorld } from '../model/fabric/network/world.ts';
import type { NodePlace } from '../model/network/topology.ts';

/**
 * The virtual networks that the objects of a cluster describe, or the default one of its model, with those of its nodes
 * that have an address of a subnet.
 */
export function describedWorld(
  { config, surroundings = [] }: Pick<Cluster, 'config' | 'surroundings'>,
  places: Iterable<NodePlace>,
): NetworkWorld {
  const described = networkObjectsOf(
    surroundings.length > 0 ? surroundings : defaultNetworkObjects(config.model),
  );
  return buildWorld(described, nodeInterfaces([...places], { config, networks: described.networks }));
}
