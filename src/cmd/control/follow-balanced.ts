import { keyOf, loadBalancerResources, resources } from '../../api/resources.ts';
import type { EndpointSlice } from '../../api/types/network.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { Client, Informer } from '../../client/port.ts';
import { indexOf } from '../../controllers/index-of.ts';
import { sameJson } from '../../lib/same-json.ts';
import { addressesByNode } from '../../model/load-balancer/by-node.ts';
import { listed } from './follow-layer2.ts';

/** Which addresses of load balancers a virtual network hands to which node. */
export interface FollowedBalancers {
  /** Of this node now. */
  of(node: string): readonly string[];
  /** From now on they follow the API; `changed` is called when they may have changed. */
  follow(changed: () => void): Promise<void>;
}

const { services, endpointslices, nodes } = resources;
const { ipaddresspools, l2advertisements } = loadBalancerResources;

/** Read once before anything is executed: a process that starts again takes nothing away that it does not know yet. */
export async function readBalancers(client: Client): Promise<FollowedBalancers> {
  const [own, slices, pools, advertisements, machines] = await Promise.all([
    listed(client, services),
    listed(client, endpointslices),
    listed(client, ipaddresspools),
    listed(client, l2advertisements),
    listed(client, nodes),
  ]);
  const bySlice = Map.groupBy(slices, serviceOf);
  let current = addressesByNode({
    services: own,
    slicesOf: (key) => bySlice.get(key) ?? [],
    pools,
    advertisements,
    nodes: machines,
  });
  return {
    of: (node) => current.get(node) ?? [],
    async follow(changed) {
      const informers = {
        services: client.informer(services),
        slices: client.informer(endpointslices),
        pools: client.informer(ipaddresspools),
        advertisements: client.informer(l2advertisements),
        nodes: client.informer(nodes),
      };
      const all: readonly Informer<KubernetesObject>[] = Object.values(informers);
      await Promise.all(all.map(({ synced }) => synced));
      const index = indexOf(informers.slices, (slice) => [serviceOf(slice)]);
      let isDue = false;
      const look = (): void => {
        if (isDue) return;
        isDue = true;
        setImmediate(() => {
          isDue = false;
          const before = current;
          current = addressesByNode({
            services: informers.services.values(),
            slicesOf: (key) => index.get(key),
            pools: informers.pools.values(),
            advertisements: informers.advertisements.values(),
            nodes: informers.nodes.values(),
          });
          if (!sameJson([...before], [...current])) changed();
        });
      };
      for (const informer of all) informer.onChange(look);
    },
  };
}

function serviceOf({ metadata }: EndpointSlice): string {
  const name = metadata.labels?.['kubernetes.io/service-name'] ?? '';
  return keyOf({
    metadata: { name, ...(metadata.namespace !== undefined && { namespace: metadata.namespace }) },
  });
}
