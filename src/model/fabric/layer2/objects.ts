import { layer2Resources, fabricResources, resourceOf, type Resource } from '../../../api/resources.ts';
import type { NetworkAttachmentDefinition } from '../../../api/types/layer2.ts';
import type { KubernetesObject } from '../../../api/types/meta.ts';
import type { Layer2Objects } from './world.ts';

/** Kinds that describe segments and what is on them. */
export const layer2Kinds: readonly Resource[] = [
  layer2Resources.segments,
  layer2Resources.virtualswitches,
  fabricResources.virtualmachines,
  layer2Resources.segmentaddresses,
  layer2Resources.noderoutes,
  layer2Resources.networkattachmentdefinitions,
];

/** What describes segments, by kinds; others are left out. */
export function layer2ObjectsOf(
  objects: readonly KubernetesObject[],
): Layer2Objects & { readonly definitions: readonly NetworkAttachmentDefinition[] } {
  const of = <T extends KubernetesObject>(resource: Resource<T>): T[] =>
    // What a resource serves is of the resource's type.
    objects.filter((object) => resourceOf(object) === resource) as T[];
  return {
    segments: of(layer2Resources.segments),
    switches: of(layer2Resources.virtualswitches),
    machines: of(fabricResources.virtualmachines),
    addresses: of(layer2Resources.segmentaddresses),
    routes: of(layer2Resources.noderoutes),
    definitions: of(layer2Resources.networkattachmentdefinitions),
  };
}
