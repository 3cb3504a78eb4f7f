import type { Entity, Group } from './groups.ts';
import type { ReachNetworks } from './networks.ts';
import { createRows, type GroupRows } from './rows.ts';

/** Who reaches whom between entities, each list by name. */
export interface Reached {
  /** The others that any pod of it reaches. */
  readonly from: (source: Entity) => readonly Entity[];
  /** The others of which any pod reaches it. */
  readonly to: (destination: Entity) => readonly Entity[];
  readonly between: GroupRows['between'];
}

/** Of entities in the order of their names. */
export function createReached(entities: readonly Entity[], networks: ReachNetworks | undefined): Reached {
  const having = new Map<Group, number[]>();
  for (const [place, { groups }] of entities.entries()) {
    for (const group of groups) {
      const places = having.get(group);
      if (places === undefined) having.set(group, [place]);
      else places.push(place);
    }
  }
  const rows = createRows([...having.keys()], networks);
  const othersWith = (entity: Entity, groups: readonly Group[]): Entity[] => {
    const places = new Set(groups.flatMap((group) => having.get(group) ?? []));
    return [...places]
      .sort((a, b) => a - b)
      .flatMap((place) => entities[place] ?? [])
      .filter((one) => one !== entity);
  };
  return {
    between: (source, destination) => rows.between(source, destination),
    from: (source) =>
      othersWith(
        source,
        source.groups.flatMap((group) => rows.reachedFrom(group)),
      ),
    to: (destination) =>
      othersWith(
        destination,
        destination.groups.flatMap((group) => rows.reaching(group)),
      ),
  };
}
