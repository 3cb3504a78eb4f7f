import { resources } from '../api/resources.ts';
import type { Node } from '../api/types/core.ts';
import type { Client } from '../client/port.ts';
import type { FabricExecutor } from '../fabric/fabric.ts';
import type { Family } from '../lib/address.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { sameJson } from '../lib/same-json.ts';
import { defaultFabric } from '../model/fabric/default-fabric.ts';
import { machinePlaces } from '../model/fabric/machine-places.ts';
import type { NodePlace } from '../model/network/topology.ts';

export interface FollowNodesOptions {
  readonly client: Client;
  readonly fabric: FabricExecutor;
  /** Where the lab's nodes are as it was made. */
  readonly places: readonly NodePlace[];
  readonly families: readonly Family[];
  readonly log: Log;
}

/**
 * Builds the fabric around the nodes, with their machines where the API says that they are, from now on. The API may
 * say already that one was renumbered, before this process started. Rejects with `fabric-failed`.
 */
export async function followNodes(options: FollowNodesOptions): Promise<void> {
  const { client, fabric, families, log } = options;
  const { items } = await client.list(resources.nodes);
  let places = machinePlaces(options.places, items);
  fabric.apply(defaultFabric(places, families));
  const nodes = client.informer<Node>(resources.nodes);
  nodes.onChange(() => {
    const next = machinePlaces(places, nodes.values());
    if (sameJson(next, places)) return;
    places = next;
    try {
      fabric.apply(defaultFabric(places, families));
    } catch (error) {
      // What is missing is found by the next comparison with the kernel.
      log.error({ error: messageOf(error) }, 'a machine could not be moved');
    }
  });
}
