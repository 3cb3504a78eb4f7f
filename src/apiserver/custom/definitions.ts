import { servedResources } from '../../api/served.ts';
import type { Resource } from '../../api/resources.ts';
import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Catalog } from '../catalog/port.ts';
import { sameJson } from '../json.ts';
import type { Store } from '../store/port.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { cleanUp } from './clean-up.ts';
import { definitionsStore, holds, type Definition, type DefinitionNames } from './definition.ts';
import { customResourcesOf } from './kind.ts';
import { decideNames, takenNames } from './names.ts';
import { withNames } from './status.ts';

interface Options {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly catalog: Catalog;
}

/** What is served of one definition, and of what it was made. */
interface Served {
  readonly source: object;
  readonly resources: readonly Resource[];
  readonly retire: () => void;
}

/**
 * Keeps the catalog as the stored definitions say, and says in their status what became of them: names that others
 * have are refused, a definition whose names are accepted is served at once, and one that is to be deleted goes
 * when its last object is gone. The returned function ends it.
 */
export function followDefinitions({ store, clock, log, catalog }: Options): () => void {
  const served = new Map<string, Served>();
  let due = false;
  let watches = new Map<string, () => void>();

  const later = (): void => {
    if (due) return;
    due = true;
    // Not within the write that is being told of: others have yet to hear of it.
    queueMicrotask(() => {
      due = false;
      follow();
    });
  };
  const follow = (): void => {
    const definitions = decided(store, timestamp(clock.now()));
    const established = definitions.filter((it) => holds(it, 'Established'));
    refresh(established);
    const dying = definitions.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
    for (const definition of dying) cleanUp(store, definition, timestamp(clock.now()));
    watchInstances(dying);
  };
  const refresh = (established: readonly Definition[]): void => {
    const names = new Set(established.map(({ metadata }) => metadata.name));
    let changed = false;
    for (const [name, { retire }] of served) {
      if (names.has(name)) continue;
      served.delete(name);
      retire();
      changed = true;
    }
    for (const definition of established) changed = serve(definition) || changed;
    if (changed) catalog.setCustom([...served.values()].flatMap(({ resources }) => resources));
  };
  /** Whether anything about what is served changed. */
  const serve = (definition: Definition): boolean => {
    const { name, deletionTimestamp } = definition.metadata;
    const { spec } = definition;
    const names = definition.status?.acceptedNames ?? spec.names;
    const source = { spec, names, deletionTimestamp };
    const known = served.get(name);
    if (known !== undefined && sameJson(known.source, source)) return false;
    const { onRetired, retire } = createRetirement();
    served.set(name, { source, resources: made(definition, names, onRetired), retire });
    known?.retire();
    return true;
  };
  const made = (
    definition: Definition,
    names: DefinitionNames,
    onRetired: (tell: () => void) => () => void,
  ): readonly Resource[] => {
    try {
      return customResourcesOf({ definition, names, store, onRetired });
    } catch (thrown) {
      // Stored by a version of this server that took more.
      log.warn(
        { definition: definition.metadata.name, why: messageOf(thrown) },
        'a definition cannot be served',
      );
      return [];
    }
  };
  /** While a definition is dying, every object of it that goes may be the last. */
  const watchInstances = (dying: readonly Definition[]): void => {
    const wanted = new Set(dying.map(({ metadata }) => metadata.name));
    for (const [name, end] of watches) if (!wanted.has(name)) end();
    watches = new Map(
      Array.from(wanted, (name) => [
        name,
        watches.get(name) ?? store.watch(name, store.resourceVersion, later),
      ]),
    );
  };

  follow();
  const end = store.watch(definitionsStore, store.resourceVersion, later);
  return () => {
    end();
    for (const one of watches.values()) one();
  };
}

function createRetirement(): { onRetired: (tell: () => void) => () => void; retire: () => void } {
  const tells = new Set<() => void>();
  return {
    onRetired(tell) {
      tells.add(tell);
      return () => tells.delete(tell);
    },
    retire() {
      tells.forEach((tell) => tell());
    },
  };
}

/** All definitions with their names decided; what that changes in a status is written. */
function decided(store: Store, time: string): Definition[] {
  const all = store.list(definitionsStore).map(({ object }) => object as Definition);
  const result: Definition[] = [];
  for (const definition of all.toSorted(byAge)) {
    const { group } = definition.spec;
    const others = all.filter((it) => it !== definition && it.spec.group === group);
    const accepted = others.map((it) => result.find(sameName(it)) ?? it).flatMap(acceptedNames);
    const builtIn = servedResources.filter((it) => it.group === group);
    const next = withNames(definition, decideNames(definition, takenNames(builtIn, accepted)), time);
    result.push(next);
    if (next !== definition) store.put(definitionsStore, next.metadata.name, next);
  }
  return result;
}

function sameName(one: Definition): (other: Definition) => boolean {
  return (other) => other.metadata.name === one.metadata.name;
}

function acceptedNames({ status }: Definition): DefinitionNames[] {
  return status?.acceptedNames === undefined ? [] : [status.acceptedNames];
}

/** Who was first has its names; established ones before others. */
function byAge(one: Definition, other: Definition): number {
  const ranks = [one, other].map((it) => (holds(it, 'Established') ? 0 : 1));
  const difference = (ranks[0] ?? 0) - (ranks[1] ?? 0);
  if (difference !== 0) return difference;
  return (one.metadata.creationTimestamp ?? '') < (other.metadata.creationTimestamp ?? '') ? -1 : 1;
}
