import { isWithin, parentOf } from './names.ts';
import {
  identityOf,
  type RecordSets,
  type ServedType,
  type ZoneNames,
  type ZoneRecordData,
} from './records.ts';

/** The names of a zone, each put there by one or several owners; kept current owner by owner. */
export interface ZoneTree {
  /** Replaces everything this owner contributed; undefined removes it. */
  set(owner: string, names: ZoneNames | undefined): void;
  /**
   * The records at a name in lower case; empty for a name that only has names below it, undefined for one that
   * does not exist (RFC 8020: then nothing below it does).
   */
  get(name: string): RecordSets | undefined;
}

const noRecords: RecordSets = new Map();

export function createZoneTree(zone: string): ZoneTree {
  const owners = new Map<string, ZoneNames>();
  const names = new Map<string, Map<string, RecordSets>>();
  /** How many contributed names are below a name of the zone. */
  const below = new Map<string, number>();

  function countAncestors(name: string, step: 1 | -1): void {
    for (let up = parentOf(name); isWithin(up, zone); up = parentOf(up)) {
      const count = (below.get(up) ?? 0) + step;
      if (count === 0) below.delete(up);
      else below.set(up, count);
    }
  }

  function remove(owner: string, name: string): void {
    const contributions = names.get(name);
    if (contributions?.delete(owner) !== true) return;
    if (contributions.size === 0) names.delete(name);
    countAncestors(name, -1);
  }

  function put(owner: string, name: string, records: RecordSets): void {
    let contributions = names.get(name);
    if (contributions === undefined) names.set(name, (contributions = new Map()));
    if (!contributions.has(owner)) countAncestors(name, 1);
    contributions.set(owner, records);
  }

  return {
    set(owner, contribution) {
      for (const name of owners.get(owner)?.keys() ?? []) {
        if (contribution?.has(name) !== true) remove(owner, name);
      }
      for (const [name, records] of contribution ?? []) put(owner, name, records);
      if (contribution === undefined || contribution.size === 0) owners.delete(owner);
      else owners.set(owner, contribution);
    },
    get(name) {
      const contributions = names.get(name);
      if (contributions === undefined) return below.has(name) ? noRecords : undefined;
      if (contributions.size > 1) return merged(contributions);
      return contributions.values().next().value;
    },
  };
}

/** By owner, so that the order of records does not depend on the order of events. */
function merged(contributions: ReadonlyMap<string, RecordSets>): RecordSets {
  const sets = new Map<ServedType, Map<string, ZoneRecordData>>();
  for (const owner of [...contributions.keys()].sort()) {
    for (const [type, records] of contributions.get(owner) ?? noRecords) {
      const set = sets.get(type) ?? new Map<string, ZoneRecordData>();
      for (const record of records) set.set(identityOf(record), record);
      sets.set(type, set);
    }
  }
  return new Map([...sets].map(([type, records]) => [type, [...records.values()]]));
}
