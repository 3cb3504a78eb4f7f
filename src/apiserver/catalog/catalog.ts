import type { Resource } from '../../api/resources.ts';
import { servedResources } from '../../api/served.ts';
import type { Catalog, ResourcePlace } from './port.ts';

interface Index {
  readonly resources: readonly Resource[];
  readonly byPlace: ReadonlyMap<string, Resource>;
  readonly groups: ReadonlySet<string>;
  readonly versions: ReadonlySet<string>;
}

/** The built-in resources, and whatever is set besides. A built-in resource cannot be replaced. */
export function createCatalog(): Catalog {
  let index = indexOf([]);
  return {
    get resources() {
      return index.resources;
    },
    find: (place) => index.byPlace.get(placeOf(place)),
    hasGroup: (group) => index.groups.has(group),
    hasVersion: (group, version) => index.versions.has(`${group}/${version}`),
    setCustom: (custom) => void (index = indexOf(custom)),
  };
}

function indexOf(custom: readonly Resource[]): Index {
  const resources = [...servedResources, ...custom];
  return {
    resources,
    // The first of a place counts, which is the built-in one.
    byPlace: new Map(resources.toReversed().map((it) => [placeOf(it), it])),
    groups: new Set(resources.map(({ group }) => group)),
    versions: new Set(resources.map(({ group, version }) => `${group}/${version}`)),
  };
}

function placeOf({ group, version, plural }: ResourcePlace): string {
  return `${group}/${version}/${plural}`;
}
