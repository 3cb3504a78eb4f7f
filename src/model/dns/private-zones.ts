import type { PrivateDnsRecord, PrivateDnsZone } from '../../api/types/fabric.ts';
import { isWithin, parentOf } from './names.ts';
import {
  createZoneNamesBuilder,
  type RecordSets,
  type ZoneAnswer,
  type ZoneNames,
  type ZoneQuestion,
  type ZoneRecordData,
} from './records.ts';
import { resolve, type ZoneView } from './resolve.ts';
import { createZoneTree, type ZoneTree } from './zone-tree.ts';

/** Answers from private zones, or as `others` does where no zone is about the name. */
export type PrivateNames = (
  question: ZoneQuestion,
  others: (question: ZoneQuestion) => ZoneAnswer,
) => ZoneAnswer;

/** Seconds, of records that say nothing and of names that do not exist. */
const usualTtl = 300;
/** Aliases from zone to zone are followed no further. */
const mostZones = 8;

/**
 * What these zones say together. The longest zone that a name lies in decides, and names that it does not have do not
 * exist: what the internet says of them is hidden. Objects with the same zone add to each other. Aliases that lead out of
 * a zone are followed.
 */
export function privateNames(objects: Iterable<PrivateDnsZone>): PrivateNames {
  const byZone = Map.groupBy(objects, zoneOf);
  const views = [...byZone].map(([zone, own]) => viewOf(zone, own));
  views.sort((a, b) => b.zone.length - a.zone.length);
  const answer = (question: ZoneQuestion, others: Parameters<PrivateNames>[1], zones: number): ZoneAnswer => {
    const view = views.find(({ zone }) => isWithin(question.name.toLowerCase(), zone));
    if (view === undefined) return others(question);
    const { beyond, ...found } = resolve(view, question);
    if (beyond === undefined || zones === mostZones) return found;
    const rest = answer({ ...question, name: beyond }, others, zones + 1);
    return {
      ...found,
      rcode: rest.rcode,
      answers: [...found.answers, ...rest.answers],
      authority: rest.authority,
    };
  };
  return (question, others) => answer(question, others, 1);
}

function zoneOf({ metadata, spec }: PrivateDnsZone): string {
  return (spec.zone ?? metadata.name).toLowerCase();
}

function viewOf(zone: string, objects: readonly PrivateDnsZone[]): ZoneView {
  const tree = createZoneTree(zone);
  for (const { metadata, spec } of objects) tree.set(metadata.name, namesOf(zone, spec.records ?? []));
  return { zone, ttl: usualTtl, get: (name) => tree.get(name) ?? wildcardAt(name, zone, tree) };
}

function namesOf(zone: string, records: readonly PrivateDnsRecord[]): ZoneNames {
  const builder = createZoneNamesBuilder();
  builder.add(zone, startOfAuthority(zone));
  for (const { name, type, values, ttl = usualTtl } of records) {
    const owner = name === '@' ? zone : `${name.toLowerCase()}.${zone}`;
    for (const value of values) builder.add(owner, { ttl, ...dataOf(type, value) });
  }
  return builder.names;
}

function dataOf(type: PrivateDnsRecord['type'], value: string): ZoneRecordData {
  if (type === 'CNAME') return { type, target: value.replace(/\.$/, '') };
  return type === 'TXT' ? { type, texts: [value] } : { type, address: value };
}

/** What stands for a name that is not there: the wildcard right below the next name above that is (RFC 4592). */
function wildcardAt(name: string, zone: string, tree: ZoneTree): RecordSets | undefined {
  for (let up = parentOf(name); isWithin(up, zone); up = parentOf(up)) {
    if (tree.get(up) !== undefined) return tree.get(`*.${up}`);
  }
  return undefined;
}

function startOfAuthority(zone: string): ZoneRecordData {
  return {
    type: 'SOA',
    primary: `ns.${zone}`,
    mailbox: `hostmaster.${zone}`,
    serial: 1,
    refresh: 3600,
    retry: 300,
    expire: 2_419_200,
    minimum: usualTtl,
  };
}
