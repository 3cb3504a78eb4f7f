import { loadBalancerResources, resources } from '../../api/resources.ts';
import type { Node } from '../../api/types/core.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { IPAddressPool } from '../../api/types/load-balancer.ts';
import type { Client, Informer } from '../../client/port.ts';
import type { FabricExecutor } from '../../fabric/fabric.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { formatPrefix, prefixesOfRange } from '../../lib/prefix.ts';
import { sameJson } from '../../lib/same-json.ts';
import { defaultFabric } from '../../model/fabric/default-fabric.ts';
import type { Fabric } from '../../model/fabric/machines.ts';
import { machinePlaces, mayMove } from '../../model/fabric/machine-places.ts';
import { withLayer2 } from '../../model/fabric/layer2/extend.ts';
import { layer2World, type Layer2World } from '../../model/fabric/layer2/world.ts';
import { poolsOf } from '../../model/load-balancer/pools.ts';
import { familiesOfNetwork, type NetworkConfig } from '../../model/network/config.ts';
import type { NodePlace } from '../../model/network/topology.ts';
import type { PodServing } from '../../workload/port.ts';
import { nothingFollowed, readLayer2 } from './follow-layer2.ts';
import { createRouteTeller } from './tell-routes.ts';
import { machineServing, servingAt, type MachineServer } from './serve-machines.ts';

export interface FollowNodesOptions {
  readonly client: Client;
  readonly fabric: FabricExecutor;
  /** Where the lab's nodes are as it was made. */
  readonly places: readonly NodePlace[];
  readonly config: NetworkConfig;
  /** The virtual network that the lab begins with, where it is not that of its model. */
  readonly begun?: readonly KubernetesObject[];
  /** Which cluster of its lab it is. */
  readonly ordinal: number;
  /** Has stand-ins on the machines of the world. */
  readonly machines: MachineServer;
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
  // The world around the nodes of several clusters is the first one's.
  const layer2 = ordinal === 0 ? await readLayer2(client) : nothingFollowed;
  const worldNow = (): Layer2World =>
    layer2World(layer2.objects(), new Set(places.map(({ name }) => name)), config);
  let world = worldNow();
  const servingsNow = (): PodServing[] => {
    const present = new Map(world.machines.map((machine) => [machine.netns, machine]));
    return layer2
      .objects()
      .machines.map(machineServing)
      .flatMap((own) => {
        const machine = present.get(own.netns);
        if (machine === undefined) return [];
        return [
          servingAt(
            own,
            machine.interfaces.flatMap((one) => one.addresses),
          ),
        ];
      });
  };
  let servings: readonly PodServing[] = [];
  const serve = (): void => {
    const now = servingsNow();
    if (sameJson(now, servings)) return;
    servings = now;
    options.machines.serve(servings);
  };
  const wanted = (): Fabric => withLayer2(defaultFabric(places, { families, ordinal, balanced }), world);
  const routes = createRouteTeller({ client, log });
  const executed = (): void => {
    isExecuted = true;
    serve();
    const nodeNames = places.map(({ name }) => name);
    routes.tell(layer2.objects(), nodeNames, config);
  };
  let isExecuted = false;
  await fabric.build(wanted());
  executed();
  const nodes = client.informer<Node>(resources.nodes);
  let pools: Informer<IPAddressPool> | undefined;
  const follow = (): void => {
    const now = {
      places: machinePlaces(places, nodes.values(), config.model),
      balanced: prefixesOfPools(pools?.values() ?? []),
      world: worldNow(),
    };
    if (isExecuted && isSame(now, { places, balanced, world })) return executed();
    ({ places, balanced, world } = now);
    isExecuted = false;
    try {
      fabric.apply(wanted());
      executed();
    } catch (error) {
      // What is missing is found by the next comparison with the kernel.
      log.error({ error: messageOf(error) }, 'the fabric could not follow');
    }
  };
  nodes.onChange((change) => {
    // Most of what is written about nodes says nothing of where they are.
    if (!isExecuted || mayMove(places, change, config.model)) follow();
  });
  return {
    followPools() {
      pools = client.informer(loadBalancerResources.ipaddresspools);
      pools.onChange(follow);
      layer2.follow(follow);
    },
  };
}

interface Known {
  readonly places: readonly NodePlace[];
  readonly balanced: readonly string[];
  readonly world: Layer2World;
}

function isSame(a: Known, b: Known): boolean {
  const plain = ({ world, ...rest }: Known): object => ({ ...rest, ...world, ofNodes: [...world.ofNodes] });
  return sameJson(plain(a), plain(b));
}

function prefixesOfPools(objects: Iterable<IPAddressPool>): string[] {
  const ranges = poolsOf(objects).pools.flatMap((pool) => pool.ranges);
  return ranges.flatMap(prefixesOfRange).map(formatPrefix).toSorted();
}
