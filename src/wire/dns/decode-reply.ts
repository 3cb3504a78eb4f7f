import { formatAddress } from '../../lib/address.ts';
import { headerLength, optType, recordTypeName, type DnsRecord, type DnsReply } from './message.ts';
import { readName } from './name.ts';
import { createMessageWriter } from './writer.ts';

/**
 * Decodes what another server sent, from any bytes; never throws. Undefined for everything that is no response to a
 * query of one question, whole and well-formed: nothing is taken from a message that is broken somewhere. Of a
 * truncated one (TC) only the question is read, for the rest is to be asked for again. Work is bounded by the length
 * of the message, for every record takes eleven bytes of it. Records of other classes than IN are left out.
 */
export function decodeReply(bytes: Uint8Array): DnsReply | undefined {
  const flags = bytes.length < headerLength ? 0 : uint16(bytes, 2);
  const isResponse = (flags & 0x8000) !== 0 && ((flags >> 11) & 15) === 0;
  const asked = isResponse && uint16(bytes, 4) === 1 ? readName(bytes, headerLength) : undefined;
  if (asked === undefined || asked.next + 4 > bytes.length) return undefined;
  const reply = {
    id: uint16(bytes, 0),
    truncated: (flags & 0x0200) !== 0,
    rcode: flags & 15,
    question: { name: asked.name, type: uint16(bytes, asked.next), class: uint16(bytes, asked.next + 2) },
  };
  if (reply.truncated) return { ...reply, answers: [], authority: [] };
  const sections = readSections(bytes, asked.next + 4);
  return sections && { ...reply, ...sections };
}

function readSections(bytes: Uint8Array, start: number): Pick<DnsReply, 'answers' | 'authority'> | undefined {
  const answers = readRecords(bytes, start, uint16(bytes, 6));
  const authority = answers && readRecords(bytes, answers.next, uint16(bytes, 8));
  const rest = authority && readRecords(bytes, authority.next, uint16(bytes, 10));
  return answers && authority && rest && { answers: answers.records, authority: authority.records };
}

interface RecordsRead {
  readonly records: DnsRecord[];
  readonly next: number;
}

function readRecords(bytes: Uint8Array, start: number, count: number): RecordsRead | undefined {
  const records: DnsRecord[] = [];
  let next = start;
  for (let i = 0; i < count; i++) {
    const owner = readName(bytes, next);
    if (owner === undefined || owner.next + 10 > bytes.length) return undefined;
    const data = { from: owner.next + 10, to: owner.next + 10 + uint16(bytes, owner.next + 8) };
    if (data.to > bytes.length) return undefined;
    next = data.to;
    const type = uint16(bytes, owner.next);
    if (type === optType || uint16(bytes, owner.next + 2) !== 1) continue;
    const read = readData(bytes, type, data);
    if (read === undefined) return undefined;
    records.push({ name: owner.name, ttl: ttlAt(bytes, owner.next + 4), ...read });
  }
  return { records, next };
}

type RecordData = DnsRecord extends infer R ? (R extends unknown ? Omit<R, 'name' | 'ttl'> : never) : never;

interface Span {
  readonly from: number;
  readonly to: number;
}

function readData(bytes: Uint8Array, number: number, span: Span): RecordData | undefined {
  const type = recordTypeName(number);
  if (type === 'A' || type === 'AAAA') return readAddress(bytes, type, span);
  if (type === 'CNAME' || type === 'PTR' || type === 'NS') return readTarget(bytes, type, span);
  if (type === 'SRV') return readService(bytes, span);
  return type === 'SOA' ? readStartOfAuthority(bytes, span) : readOther(bytes, number, span);
}

function readOther(bytes: Uint8Array, number: number, span: Span): RecordData | undefined {
  const data = expanded(bytes, number, span);
  return data && { type: 'other', number, data };
}

function readTarget(bytes: Uint8Array, type: 'CNAME' | 'PTR' | 'NS', span: Span): RecordData | undefined {
  const target = nameUpTo(bytes, span);
  return target === undefined ? undefined : { type, target };
}

function readAddress(bytes: Uint8Array, type: 'A' | 'AAAA', { from, to }: Span): RecordData | undefined {
  if (to - from !== (type === 'A' ? 4 : 16)) return undefined;
  const value = bytes.subarray(from, to).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return { type, address: formatAddress({ family: type === 'A' ? 'IPv4' : 'IPv6', value }) };
}

/** A name that takes the whole span. */
function nameUpTo(bytes: Uint8Array, { from, to }: Span): string | undefined {
  const read = readName(bytes, from);
  return read?.next === to ? read.name : undefined;
}

function readService(bytes: Uint8Array, { from, to }: Span): RecordData | undefined {
  const target = from + 6 > to ? undefined : nameUpTo(bytes, { from: from + 6, to });
  if (target === undefined) return undefined;
  const [priority, weight, port] = [uint16(bytes, from), uint16(bytes, from + 2), uint16(bytes, from + 4)];
  return { type: 'SRV', priority, weight, port, target };
}

function readStartOfAuthority(bytes: Uint8Array, { from, to }: Span): RecordData | undefined {
  const primary = readName(bytes, from);
  const mailbox = primary && readName(bytes, primary.next);
  if (primary === undefined || mailbox === undefined || mailbox.next + 20 !== to) return undefined;
  const at = (index: number): number => uint32(bytes, mailbox.next + 4 * index);
  return {
    type: 'SOA',
    primary: primary.name,
    mailbox: mailbox.name,
    serial: at(0),
    refresh: at(1),
    retry: at(2),
    expire: at(3),
    minimum: at(4),
  };
}

/**
 * Types of before RFC 3597 in whose data servers may compress names, by their numbers: the bytes before the first
 * name, and how many names there are.
 */
const withNames: ReadonlyMap<number, readonly [before: number, names: number]> = new Map<
  number,
  readonly [number, number]
>([
  // MD, MF, MB, MG, MR, MINFO, MX
  ...[3, 4, 7, 8, 9].map((type) => [type, [0, 1] as const] as const),
  [14, [0, 2]],
  [15, [2, 1]],
  // RP, AFSDB, RT, PX, KX
  [17, [0, 2]],
  [18, [2, 1]],
  [21, [2, 1]],
  [26, [2, 2]],
  [36, [2, 1]],
]);

/** The data as it stands alone, without pointers into the message that it came in. */
function expanded(bytes: Uint8Array, type: number, { from, to }: Span): Uint8Array | undefined {
  const [before, names] = withNames.get(type) ?? [to - from, 0];
  if (from + before > to) return undefined;
  const room = before + names * 255;
  const writer = createMessageWriter(new Uint8Array(room), room);
  writer.raw(bytes.subarray(from, from + before));
  let at = from + before;
  for (let i = 0; i < names; i++) {
    const read = readName(bytes, at);
    if (read === undefined) return undefined;
    writer.name(read.name, { compress: false });
    at = read.next;
  }
  return at === to ? writer.bytes() : undefined;
}

/** Seconds; with the highest bit set it counts as none (RFC 2181 section 8). */
function ttlAt(bytes: Uint8Array, at: number): number {
  const ttl = uint32(bytes, at);
  return ttl > 0x7fffffff ? 0 : ttl;
}

/** Callers have checked that the bytes are there. */
function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function uint32(bytes: Uint8Array, at: number): number {
  return uint16(bytes, at) * 0x10000 + uint16(bytes, at + 2);
}
