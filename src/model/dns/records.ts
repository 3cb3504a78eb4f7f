/** The record types that a cluster's zone holds. */
export type ServedType = 'A' | 'AAAA' | 'CNAME' | 'SRV' | 'PTR' | 'TXT' | 'SOA' | 'NS';

/**
 * What is asked of the zone. The name is in presentation form without the final dot; `other` stands for every
 * type that no name of the zone has.
 */
export interface ZoneQuestion {
  readonly name: string;
  readonly type: ServedType | 'ANY' | 'other';
}

export interface ZoneAnswer {
  readonly rcode: 'NOERROR' | 'NXDOMAIN';
  /** Whether the zone itself says so; false for names that are none of its business. */
  readonly authoritative: boolean;
  readonly answers: readonly ZoneRecord[];
  readonly authority: readonly ZoneRecord[];
  readonly additionals: readonly ZoneRecord[];
  /**
   * Set where the answer leads out of the zone: the name whose records are somebody else's to say. It is what was
   * asked for, or the end of the aliases among the answers.
   */
  readonly beyond?: string;
}

/** A record of class IN; `ttl` in seconds. */
export type ZoneRecord = { readonly name: string; readonly ttl: number } & RecordData;

/** `ttl` in seconds, where it is not the zone's. */
export type ZoneRecordData = RecordData & { readonly ttl?: number };

type RecordData =
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'CNAME' | 'PTR' | 'NS'; readonly target: string }
  | {
      readonly type: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | { readonly type: 'TXT'; readonly texts: readonly string[] }
  | {
      readonly type: 'SOA';
      readonly primary: string;
      readonly mailbox: string;
      readonly serial: number;
      readonly refresh: number;
      readonly retry: number;
      readonly expire: number;
      readonly minimum: number;
    };

/** The records of one name, by type; no type without records. */
export type RecordSets = ReadonlyMap<ServedType, readonly ZoneRecordData[]>;

/** Names in lower case and their records: what one object contributes to the zone. */
export type ZoneNames = ReadonlyMap<string, RecordSets>;

/** Collects records by name and type, leaving out repetitions. */
export interface ZoneNamesBuilder {
  add(name: string, data: ZoneRecordData): void;
  readonly names: ZoneNames;
}

export function createZoneNamesBuilder(): ZoneNamesBuilder {
  const names = new Map<string, Map<ServedType, ZoneRecordData[]>>();
  const seen = new Set<string>();
  return {
    names,
    add(name, data) {
      const key = `${name} ${identityOf(data)}`;
      if (seen.has(key)) return;
      seen.add(key);
      let sets = names.get(name);
      if (sets === undefined) names.set(name, (sets = new Map()));
      const records = sets.get(data.type);
      if (records === undefined) sets.set(data.type, [data]);
      else records.push(data);
    },
  };
}

/** Equal for records that say the same. */
export function identityOf(data: ZoneRecordData): string {
  return Object.values(data).join(' ');
}
