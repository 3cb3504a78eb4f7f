import { loadBalancerResources, resources } from '../api/resources.ts';
import type { Node } from '../api/types/core.ts';
import type { IPAddressPool } from '../api/types/load-balancer.ts';
import type { Client, Informer } from '../client/port.ts';
import type { FabricExecutor } from '../fabric/fabric.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { formatPrefix, prefixesOfRange } from '../lib/prefix.ts';
import { sameJson } from '../lib/same-json.ts';
import { defaultFabric } from '../model/fabric/default-fabric.ts';
import { machinePlaces } from '../model/fabric/machine-places.ts';
import { poolsOf } from '../model/load-balancer/pools.ts';
import { familiesOfNetwork, type NetworkConfig } from '../model/network/config.ts';
import type { NodePlace } from '../model/network/topology.ts';

export interface FollowNodesOptions {
  readonly client: Client;
  readonly fabric: FabricExecutor;
  /** Where the lab's nodes are as it was made. */
  readonly places: readonly NodePlace[];
  readonly config: NetworkConfig;
  /** Which cluster of its lab it is. */
  readonly ordinal: number;
  readonly log: Log;
}

/** The fabric, as it follows the API. */
export interface NodesFollower {
  /** From now on, kinds that labs define are followed too, such as pools: to be called once the API serves them. */
  followPools(): void;
}

/**
 * Builds the fabric around the nodes, with their machines where the API says that they are, from now on. The API may
 * say already that one was renumbered, before this process started. Rejects with `fabric-failed`.
 */
export async function followNodes(options: FollowNodesOptions): Promise<NodesFollower> {
  const { client, fabric, config, ordinal, log } = options;
  const families = familiesOfNetwork(config);
  const { items } = await client.list(resources.nodes);
  let places = machinePlaces(options.places, items, config.model);
  let balanced: readonly string[] = [];
  fabric.apply(defaultFabric(places, { families, ordinal }));
  const nodes = client.informer<Node>(resources.nodes);
  let pools: Informer<IPAddressPool> | undefined;
  const follow = (): void => {
    const now = {
      places: machinePlaces(places, nodes.values(), config.model),
      balanced: prefixesOfPools(pools?.values() ?? []),
    };
    if (sameJson(now, { places, balanced })) return;
    ({ places, balanced } = now);
    try {
      fabric.apply(defaultFabric(places, { families, ordinal, balanced }));
    } catch (error) {
      // What is missing is found by the next comparison with the kernel.
      log.error({ error: messageOf(error) }, 'the fabric could not follow');
    }
  };
  nodes.onChange(follow);
  return {
    followPools() {
      pools = client.informer(loadBalancerResources.ipaddresspools);
      pools.onChange(follow);
    },
  };
}

function prefixesOfPools(objects: Iterable<IPAddressPool>): string[] {
  const ranges = poolsOf(objects).pools.flatMap((pool) => pool.ranges);
  return ranges.flatMap(prefixesOfRange).map(formatPrefix).toSorted();
}
