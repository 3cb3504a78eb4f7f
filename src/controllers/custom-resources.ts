import type { Resource } from '../api/resources.ts';
import type { KubernetesObject } from '../api/types/meta.ts';

/** What of a CustomResourceDefinition says how its objects are addressed. */
interface Definition extends KubernetesObject {
  spec: {
    group: string;
    scope: string;
    names: { plural: string; kind: string };
    versions: { name: string; served: boolean }[];
  };
  status?: { conditions?: { type: string; status: string }[] };
}

/**
 * The resources of a CustomResourceDefinition, one for each version that is served: the same objects. None while its
 * names are not accepted.
 */
export function customResourcesOf(object: KubernetesObject): Resource[] {
  const { spec, status } = object as Definition;
  const isServed =
    status?.conditions?.some((it) => it.type === 'Established' && it.status === 'True') ?? false;
  if (!isServed) return [];
  const { plural, kind } = spec.names;
  return spec.versions
    .filter(({ served }) => served)
    .map(({ name }) => ({
      group: spec.group,
      version: name,
      plural,
      singular: kind.toLowerCase(),
      kind,
      shortNames: [],
      namespaced: spec.scope === 'Namespaced',
      subresources: [],
    }));
}
