import { fabricResources, type Resource } from '../../../api/resources.ts';
import type { KubernetesObject } from '../../../api/types/meta.ts';
import { sameJson } from '../../../lib/same-json.ts';
import { publicAddresses } from './outbound.ts';
import type { NetworkWorld } from './world.ts';

/** What the status of an object is to say from now on. */
export interface ObservedStatus {
  readonly resource: Resource;
  readonly name: string;
  readonly status: object;
}

/** The statuses that do not say yet what there is: addresses of machines, and public ones of networks. */
export function observedStatuses(
  objects: readonly KubernetesObject[],
  world: NetworkWorld,
): ObservedStatus[] {
  const outside = publicAddresses(world);
  const inside = Map.groupBy(world.interfaces, ({ machine, id }) => (id.startsWith('vm:') ? machine : ''));
  return objects.flatMap((object): ObservedStatus[] => {
    const { name } = object.metadata;
    const before = (object as { readonly status?: Record<string, unknown> }).status ?? {};
    if (object.kind === 'VirtualNetwork') {
      const status = { publicAddresses: outside.get(name) ?? [] };
      const isSaid = sameJson(status.publicAddresses, before['publicAddresses']);
      return isSaid ? [] : [{ resource: fabricResources.virtualnetworks, name, status }];
    }
    if (object.kind !== 'VirtualMachine') return [];
    const own = inside.get(name) ?? [];
    const status = { interfaces: own.map((one) => ({ name: one.name, addresses: [...one.addresses] })) };
    const isSaid = sameJson(status.interfaces, before['interfaces']);
    return isSaid ? [] : [{ resource: fabricResources.virtualmachines, name, status }];
  });
}
