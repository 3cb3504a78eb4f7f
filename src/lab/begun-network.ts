import { keyOf } from '../api/resources.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import { defaultNetworkObjects } from '../model/fabric/network/default-network.ts';
import type { NetworkModel } from '../model/network/models.ts';

/** What an object is, for those of a lab's world: they have one version each. */
export const worldId = (object: KubernetesObject): string => `${object.kind} ${keyOf(object)}`;

/**
 * The objects of the virtual network that a lab of the model begins with, each as manifests leave it that say something of it.
 * The lab begins with these and is not changed to be so: nodes have their addresses from the first moment on.
 */
export function begunNetwork(
  model: NetworkModel,
  manifests: readonly KubernetesObject[],
): readonly KubernetesObject[] {
  const own = new Map(manifests.map((object) => [worldId(object), object]));
  return defaultNetworkObjects(model).map((object) => over(object, own.get(worldId(object))));
}

/** As a merge patch has it (RFC 7396), for fields of the spec. */
export function over(object: KubernetesObject, manifest: KubernetesObject | undefined): KubernetesObject {
  const specOf = (one: KubernetesObject | undefined): object =>
    (one as { spec?: object } | undefined)?.spec ?? {};
  if (manifest === undefined) return object;
  const merged = { ...object, ...manifest, spec: { ...specOf(object), ...specOf(manifest) } };
  return merged;
}
