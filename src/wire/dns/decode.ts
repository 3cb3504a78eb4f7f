import {
  headerLength,
  optType,
  type DnsQuery,
  type DnsQueryHeader,
  type DnsQuestion,
  type Edns,
} from './message.ts';
import { readName } from './name.ts';

/**
 * What came in: a query to answer; something to answer only with an error; or something that must not be
 * answered (too short for a header, or itself a response: answering those lets two servers talk for ever).
 */
export type DecodedQuery =
  | { readonly kind: 'query'; readonly query: DnsQuery }
  | { readonly kind: 'reject'; readonly query: DnsQueryHeader; readonly rcode: 'FORMERR' | 'NOTIMP' }
  | { readonly kind: 'ignore' };

/**
 * Decodes a query to a server, from any bytes; never throws.
 *
 *      0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15
 *     |                      ID                       |
 *     |QR|  Opcode   |AA|TC|RD|RA| Z|AD|CD|   RCODE   |
 *     |    QDCOUNT | ANCOUNT | NSCOUNT | ARCOUNT      |
 *
 * Work is bounded: one question, and no more further records than any client sends (`mostRecords`).
 */
export function decodeQuery(bytes: Uint8Array): DecodedQuery {
  if (bytes.length < headerLength) return { kind: 'ignore' };
  const flags = uint16(bytes, 2);
  if ((flags & 0x8000) !== 0) return { kind: 'ignore' };
  const header: DnsQueryHeader = {
    id: uint16(bytes, 0),
    opcode: (flags >> 11) & 15,
    recursionDesired: (flags & 0x0100) !== 0,
    checkingDisabled: (flags & 0x0010) !== 0,
  };
  if (header.opcode !== 0) return { kind: 'reject', query: header, rcode: 'NOTIMP' };
  const query = uint16(bytes, 4) === 1 ? readQuery(bytes, header) : undefined;
  return query === undefined ? { kind: 'reject', query: header, rcode: 'FORMERR' } : { kind: 'query', query };
}

/** Answers and authority are for zone transfers, the additional section for OPT and one signature. */
const mostRecords = 4;

function readQuery(bytes: Uint8Array, header: DnsQueryHeader): DnsQuery | undefined {
  const read = readQuestion(bytes);
  if (read === undefined) return undefined;
  const records = uint16(bytes, 6) + uint16(bytes, 8) + uint16(bytes, 10);
  if (records > mostRecords) return undefined;
  let edns: Edns | undefined;
  let at = read.next;
  for (let i = 0; i < records; i++) {
    const record = readRecord(bytes, at);
    if (record === undefined) return undefined;
    at = record.next;
    if (record.edns === undefined) continue;
    if (edns !== undefined) return undefined;
    edns = record.edns;
  }
  const query = { ...header, question: read.question };
  return edns === undefined ? query : { ...query, edns };
}

function readQuestion(bytes: Uint8Array): { question: DnsQuestion; next: number } | undefined {
  const read = readName(bytes, headerLength);
  if (read === undefined || read.next + 4 > bytes.length) return undefined;
  const question = { name: read.name, type: uint16(bytes, read.next), class: uint16(bytes, read.next + 2) };
  return { question, next: read.next + 4 };
}

/** Skips a record; reads it when it is OPT, whose class is the UDP size and whose TTL holds the version. */
function readRecord(bytes: Uint8Array, start: number): { next: number; edns?: Edns } | undefined {
  const owner = readName(bytes, start);
  if (owner === undefined || owner.next + 10 > bytes.length) return undefined;
  const next = owner.next + 10 + uint16(bytes, owner.next + 8);
  if (next > bytes.length) return undefined;
  if (uint16(bytes, owner.next) !== optType) return { next };
  if (owner.name !== '') return undefined;
  return { next, edns: { udpSize: uint16(bytes, owner.next + 2), version: bytes[owner.next + 5] ?? 0 } };
}

/** Callers have checked that both bytes are there. */
function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
