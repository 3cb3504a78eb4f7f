import { fabricResources, layer2Resources, type Resource } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { apiCode } from '../../client/errors.ts';
import type { Client, Informer } from '../../client/port.ts';
import type { Layer2Objects } from '../../model/fabric/layer2/world.ts';

/** The objects of the layer-2 world: as they were read at first, and once they are followed, as they are. */
export interface FollowedLayer2 {
  objects(): Layer2Objects;
  /** From now on `changed` is called when one of them changes. */
  follow(changed: () => void): void;
}

/** Of a world that is described elsewhere. */
export const nothingFollowed: FollowedLayer2 = {
  objects: () => ({ segments: [], switches: [], machines: [], addresses: [], routes: [] }),
  follow() {},
};

const kinds = {
  segments: layer2Resources.segments,
  switches: layer2Resources.virtualswitches,
  machines: fabricResources.virtualmachines,
  addresses: layer2Resources.segmentaddresses,
  routes: layer2Resources.noderoutes,
} as const;

/**
 * Reads them once, before anything is executed: a process that starts again must not take away what it does not know
 * yet. Kinds that the API does not serve (yet) have no objects.
 */
export async function readLayer2(client: Client): Promise<FollowedLayer2> {
  const [segments, switches, machines, addresses, routes] = await Promise.all([
    listed(client, kinds.segments),
    listed(client, kinds.switches),
    listed(client, kinds.machines),
    listed(client, kinds.addresses),
    listed(client, kinds.routes),
  ]);
  let objects = (): Layer2Objects => ({ segments, switches, machines, addresses, routes });
  return {
    objects: () => objects(),
    follow(changed) {
      const informers = {
        segments: client.informer(kinds.segments),
        switches: client.informer(kinds.switches),
        machines: client.informer(kinds.machines),
        addresses: client.informer(kinds.addresses),
        routes: client.informer(kinds.routes),
      };
      const all: readonly Informer<KubernetesObject>[] = Object.values(informers);
      const begin = async (): Promise<void> => {
        await Promise.all(all.map(({ synced }) => synced));
        objects = () => ({
          segments: [...informers.segments.values()],
          switches: [...informers.switches.values()],
          machines: [...informers.machines.values()],
          addresses: [...informers.addresses.values()],
          routes: [...informers.routes.values()],
        });
        for (const informer of all) informer.onChange(changed);
        changed();
      };
      void begin();
    },
  };
}

/** What there is of a kind; nothing where the API does not serve it (yet). Rejects as `Client.list`. */
export async function listed<T extends KubernetesObject>(
  client: Client,
  resource: Resource<T>,
): Promise<T[]> {
  try {
    return (await client.list(resource)).items;
  } catch (thrown) {
    if (apiCode(thrown) === 'api-not-found') return [];
    throw thrown;
  }
}
