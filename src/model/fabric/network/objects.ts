import { fabricResources, resourceOf, type Resource } from '../../../api/resources.ts';
import type { KubernetesObject } from '../../../api/types/meta.ts';
import type { NetworkObjects } from './build-world.ts';

/** Those of a list of objects that describe virtual networks. */
export function networkObjectsOf(objects: readonly KubernetesObject[]): NetworkObjects {
  const of = <T extends KubernetesObject>(resource: Resource<T>): T[] =>
    // What a resource serves is of the resource's type.
    objects.filter((object) => resourceOf(object) === resource) as T[];
  return {
    networks: of(fabricResources.virtualnetworks),
    peerings: of(fabricResources.virtualnetworkpeerings),
    routeTables: of(fabricResources.routetables),
    securityGroups: of(fabricResources.networksecuritygroups),
    machines: of(fabricResources.virtualmachines),
    sites: of(fabricResources.sites),
    internets: of(fabricResources.internets),
    privateZones: of(fabricResources.privatednszones),
  };
}
