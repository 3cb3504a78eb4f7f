import { isWithin } from './names.ts';
import type {
  RecordSets,
  ServedType,
  ZoneAnswer,
  ZoneQuestion,
  ZoneRecord,
  ZoneRecordData,
} from './records.ts';

/** What answering needs of a zone. */
export interface ZoneView {
  readonly zone: string;
  readonly ttl: number;
  /** Records at a name in lower case; see `ZoneTree`. */
  get(name: string): RecordSets | undefined;
}

/** A chain of ExternalNames longer than this is not followed further. */
const longestChain = 8;

/**
 * Names outside the zone do not exist, where nobody else can be asked. NXDOMAIN is the one answer that every stub resolver takes as final and that lets search lists go on: musl ignores REFUSED and
 * waits for its time-out, after SERVFAIL it asks again and then waits; glibc, c-ares and Go ask every server
 * several times and report a temporary failure, c-ares and musl without trying the rest of the search list.
 * Not authoritative and without SOA, so that nobody caches it (RFC 2308 section 5).
 */
const outside: ZoneAnswer = {
  rcode: 'NXDOMAIN',
  authoritative: false,
  answers: [],
  authority: [],
  additionals: [],
};

/**
 * Answers one question from the zone. Names compare without case, and records of the name asked for carry the
 * question's own spelling. ANY gets one record set only (RFC 8482). Aliases within the zone are followed, and
 * the rcode speaks of the last name of the chain (RFC 6604).
 */
export function resolve(view: ZoneView, question: ZoneQuestion): ZoneAnswer {
  const answers: ZoneRecord[] = [];
  const visited = new Set<string>();
  let owner = question.name;
  for (;;) {
    const name = owner.toLowerCase();
    const sets = view.get(name);
    visited.add(name);
    if (sets === undefined) return missing(view, owner, answers);
    const found = select(sets, question.type);
    if (found.length > 0) {
      answers.push(...found.map((data) => recordOf(view, owner, data)));
      return positive(answers, additionalsFor(view, found));
    }
    const alias = sets.get('CNAME')?.[0];
    if (alias?.type !== 'CNAME') return { ...positive(answers, []), authority: startOfAuthority(view, name) };
    answers.push(recordOf(view, owner, alias));
    owner = alias.target;
    if (visited.has(owner.toLowerCase()) || visited.size >= longestChain) return positive(answers, []);
  }
}

function select(sets: RecordSets, type: ZoneQuestion['type']): readonly ZoneRecordData[] {
  if (type === 'other') return [];
  if (type === 'ANY') return sets.values().next().value ?? [];
  return sets.get(type) ?? [];
}

function missing(view: ZoneView, owner: string, answers: ZoneRecord[]): ZoneAnswer {
  const name = owner.toLowerCase();
  if (isWithin(name, view.zone)) {
    return { ...outside, authoritative: true, answers, authority: startOfAuthority(view, name) };
  }
  // The end of an alias that leads out of the zone: whoever asked may know the rest.
  return { ...(answers.length === 0 ? outside : positive(answers, [])), beyond: owner };
}

function positive(answers: readonly ZoneRecord[], additionals: readonly ZoneRecord[]): ZoneAnswer {
  return { rcode: 'NOERROR', authoritative: true, answers, authority: [], additionals };
}

/** The zone's SOA makes a negative answer cacheable; reverse names are in no zone of ours and get none. */
function startOfAuthority(view: ZoneView, name: string): ZoneRecord[] {
  if (!isWithin(name, view.zone)) return [];
  return (view.get(view.zone)?.get('SOA') ?? []).map((data) => recordOf(view, view.zone, data));
}

/** The addresses of the targets, which spare the client a second question. */
function additionalsFor(view: ZoneView, found: readonly ZoneRecordData[]): ZoneRecord[] {
  const targets = new Set(
    found.flatMap((data) => (data.type === 'SRV' || data.type === 'NS' ? [data.target] : [])),
  );
  const addressTypes: readonly ServedType[] = ['A', 'AAAA'];
  return [...targets].flatMap((target) =>
    addressTypes.flatMap((type) =>
      (view.get(target)?.get(type) ?? []).map((data) => recordOf(view, target, data)),
    ),
  );
}

function recordOf(view: ZoneView, name: string, data: ZoneRecordData): ZoneRecord {
  return { name, ttl: view.ttl, ...data };
}
