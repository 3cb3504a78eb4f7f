/**
 * DNS messages as values (RFC 1035, EDNS of RFC 6891). Names are in presentation form without the final dot
 * (the root is the empty text): a dot or backslash inside a label is written `\.` or `\\`, a byte that is no
 * printable ASCII `\DDD` in decimal (RFC 1035 section 5.1), so that no name is another one's text.
 */
export interface DnsQuestion {
  readonly name: string;
  /** Numbers of the registry, known or not: see `recordTypes`. */
  readonly type: number;
  readonly class: number;
}

/** What of a query's header an answer repeats. */
export interface DnsQueryHeader {
  readonly id: number;
  readonly opcode: number;
  readonly recursionDesired: boolean;
  readonly checkingDisabled: boolean;
}

export interface DnsQuery extends DnsQueryHeader {
  readonly question: DnsQuestion;
  /** Absent when the client sent no OPT record. */
  readonly edns?: Edns;
}

export interface Edns {
  /** Bytes of UDP payload that the sender can take. */
  readonly udpSize: number;
  readonly version: number;
}

export interface DnsResponse {
  readonly query: DnsQueryHeader & { readonly question?: DnsQuestion; readonly edns?: Edns };
  readonly rcode: Rcode;
  readonly authoritative: boolean;
  /** Whether the server would ask others for the client (RA). */
  readonly recursionAvailable?: boolean;
  readonly answers: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

/** A resource record of class IN; `ttl` in seconds. */
export type DnsRecord = { readonly name: string; readonly ttl: number } & DnsRecordData;

export type DnsRecordData =
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'CNAME' | 'PTR' | 'NS'; readonly target: string }
  | {
      readonly type: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  /** Each text at most 255 bytes; longer ones are cut. */
  | { readonly type: 'TXT'; readonly texts: readonly string[] }
  | ({ readonly type: 'SOA' } & SoaData)
  /** Any other type by its number in the registry; no name in the data is compressed (RFC 3597). */
  | { readonly type: 'other'; readonly number: number; readonly data: Uint8Array };

/** Start of authority; times in seconds. */
export interface SoaData {
  readonly primary: string;
  /** The person's mailbox, written as a name. */
  readonly mailbox: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

/** Record types with a meaning here, by their numbers in the registry. ANY is a question only. */
export const recordTypes = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  ANY: 255,
} as const;
export type RecordType = keyof typeof recordTypes;

const typeNames: ReadonlyMap<number, RecordType> = new Map(
  Object.entries(recordTypes).map(([name, number]) => [number, name as RecordType]),
);

/** The name of a record type; undefined for types that are not served. */
export function recordTypeName(type: number): RecordType | undefined {
  return typeNames.get(type);
}

/** What a server said to a query that was sent to it. */
export interface DnsReply {
  readonly id: number;
  /** Cut short: all of it is to be had over TCP. */
  readonly truncated: boolean;
  /** A number of the registry. */
  readonly rcode: number;
  readonly question: DnsQuestion;
  readonly answers: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
}

export const optType = 41;
export const classes = { IN: 1, ANY: 255 } as const;

export const rcodes = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  /** RFC 6891: an EDNS version that is not known. Needs an OPT record for its upper bits. */
  BADVERS: 16,
} as const;
export type Rcode = keyof typeof rcodes;

/** Longest message without EDNS over UDP, RFC 1035 section 2.3.4. */
export const plainUdpSize = 512;
/** A TCP message's length has 16 bits. */
export const largestMessage = 65_535;
export const headerLength = 12;
