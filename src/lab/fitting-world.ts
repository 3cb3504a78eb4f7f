import { resourceOf, resources, type Resource } from '../api/resources.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import { problemsAmong } from '../api/validate/fabric/among.ts';
import { WeftError } from '../lib/errors.ts';
import { defaultNetworkObjects } from '../model/fabric/network/default-network.ts';
import { familyPlaces, type NodePlace } from '../model/network/topology.ts';
import { over, worldId } from './begun-network.ts';
import { labPlaces, type LabOptions } from './options.ts';
import { placed, type Written } from './written.ts';

/**
 * Throws `world-invalid` where what manifests describe around the nodes does not go together, or not with the nodes and the
 * network that a lab of the model begins with: a line for each with where it is written. The API refuses the same, but
 * one object after the other, when the lab runs and has what came before.
 */
export function requireFittingWorld(
  lab: Pick<LabOptions, 'nodes' | 'config' | 'ordinal'>,
  written: readonly Written[],
): void {
  const begun = defaultNetworkObjects(lab.config.model);
  const before = new Map(begun.map((object) => [worldId(object), object]));
  const objects = written.map((one) => ({
    one,
    object: over(before.get(worldId(one.object)) ?? one.object, one.object),
  }));
  const all = new Map([
    ...before,
    ...labPlaces(lab)
      .map(nodeAt)
      .map((node) => [worldId(node), node] as const),
    ...objects.map(({ object }) => [worldId(object), object] as const),
  ]);
  const byResource = Map.groupBy(all.values(), (object) => resourceOf(object));
  const stored = <T extends KubernetesObject>(resource: Resource<T>): readonly T[] => {
    const objects: readonly KubernetesObject[] = byResource.get(resource) ?? [];
    // What a resource serves is of the resource's type.
    return objects as readonly T[];
  };
  const found = objects.flatMap(({ one, object }) =>
    problemsAmong(object, stored, before.get(worldId(object))).map(placed(one)),
  );
  if (found.length > 0) throw new WeftError('world-invalid', found.join('\n'), { fault: 'input' });
}

function nodeAt(place: NodePlace): KubernetesObject {
  const addresses = familyPlaces(place).map(({ address }) => ({ type: 'InternalIP', address }));
  const node = {
    apiVersion: 'v1',
    kind: resources.nodes.kind,
    metadata: { name: place.name },
    status: { addresses },
  };
  return node;
}
