import {
  classes,
  largestMessage,
  optType,
  plainUdpSize,
  rcodes,
  recordTypes,
  type DnsQuestion,
  type DnsRecord,
  type DnsResponse,
  type SoaData,
} from './message.ts';
import { createMessageWriter, type MessageWriter } from './writer.ts';

/**
 * The largest UDP payload sent, and announced, whatever the client can take: fits a VXLAN link of MTU 1450 and
 * IPv6's least MTU, so that no answer is ever fragmented (the value of DNS Flag Day 2020).
 */
export const largestUdpPayload = 1232;

const ednsLength = 11;
/** Every answer is written here and copied out at once: allocating the room for each costs more than the answer. */
const scratch = new Uint8Array(largestMessage);
const [responseFlag, authoritativeFlag, truncatedFlag] = [0x8000, 0x0400, 0x0200];

/** Bytes that an answer over UDP may have, from what the client announced (RFC 6891 section 6.2.3). */
export function udpLimit(edns: { readonly udpSize: number } | undefined): number {
  return Math.min(Math.max(edns?.udpSize ?? plainUdpSize, plainUdpSize), largestUdpPayload);
}

/**
 * Encodes an answer with compressed names, in at most `limit` bytes. Records that do not fit are left out: of
 * the answer or authority section with TC set, so that the client asks again over TCP; of the additional section
 * silently (RFC 2181 section 9). Those that do fit stay in a truncated answer, for resolvers without TCP (musl
 * before 1.2.4) use them. Throws `dns-name-invalid` or `dns-address-invalid` for records that cannot be written.
 */
export function encodeResponse(response: DnsResponse, limit: number = largestMessage): Uint8Array {
  const { query } = response;
  const writer = createMessageWriter(scratch, limit - (query.edns === undefined ? 0 : ednsLength));
  writeHeader(writer, response);
  if (query.question !== undefined) {
    writer.name(query.question.name);
    writer.uint16(query.question.type);
    writer.uint16(query.question.class);
  }
  const answers = writeRecords(writer, response.answers);
  let truncated = answers < response.answers.length;
  const authority = truncated ? 0 : writeRecords(writer, response.authority);
  truncated ||= authority < response.authority.length;
  const additionals = truncated ? 0 : writeRecords(writer, response.additionals);
  if (truncated) writer.patch16(2, flagsOf(response) | truncatedFlag);
  writer.patch16(6, answers);
  writer.patch16(8, authority);
  writer.patch16(10, additionals + (query.edns === undefined ? 0 : 1));
  return query.edns === undefined ? writer.bytes() : withEdns(writer.bytes(), rcodes[response.rcode]);
}

/** Whether an encoded answer has TC set. */
export function isTruncated(message: Uint8Array): boolean {
  return ((message[2] ?? 0) & (truncatedFlag >> 8)) !== 0;
}

/** A query to another server: recursion wanted, with the payload size that it may answer over UDP. */
export function encodeQuery(id: number, question: DnsQuestion): Uint8Array {
  const writer = createMessageWriter(scratch, largestMessage);
  for (const value of [id, 0x0100, 1, 0, 0, 1]) writer.uint16(value);
  writer.name(question.name);
  writer.uint16(question.type);
  writer.uint16(question.class);
  return withEdns(writer.bytes(), 0);
}

function flagsOf({ query, rcode, authoritative, recursionAvailable = false }: DnsResponse): number {
  return (
    responseFlag |
    ((query.opcode & 15) << 11) |
    (authoritative ? authoritativeFlag : 0) |
    (query.recursionDesired ? 0x0100 : 0) |
    (recursionAvailable ? 0x0080 : 0) |
    (query.checkingDisabled ? 0x0010 : 0) |
    (rcodes[rcode] & 15)
  );
}

function writeHeader(writer: MessageWriter, response: DnsResponse): void {
  writer.uint16(response.query.id);
  writer.uint16(flagsOf(response));
  writer.uint16(response.query.question === undefined ? 0 : 1);
  for (let count = 0; count < 3; count++) writer.uint16(0);
}

/** Writes as many records as fit, whole ones only, and returns how many. */
function writeRecords(writer: MessageWriter, records: readonly DnsRecord[]): number {
  for (const [index, record] of records.entries()) {
    const start = writer.position;
    writeRecord(writer, record);
    if (!writer.overflowed) continue;
    writer.rewind(start);
    return index;
  }
  return records.length;
}

function writeRecord(writer: MessageWriter, record: DnsRecord): void {
  writer.name(record.name);
  writer.uint16(record.type === 'other' ? record.number : recordTypes[record.type]);
  writer.uint16(classes.IN);
  writer.uint32(record.ttl);
  const length = writer.position;
  writer.uint16(0);
  writeData(writer, record);
  writer.patch16(length, writer.position - length - 2);
}

function writeData(writer: MessageWriter, record: DnsRecord): void {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return writer.address(record.address);
    case 'CNAME':
    case 'PTR':
    case 'NS':
      return writer.name(record.target);
    case 'SRV':
      for (const value of [record.priority, record.weight, record.port]) writer.uint16(value);
      // RFC 2782: never compressed.
      return writer.name(record.target, { compress: false });
    case 'TXT':
      for (const text of record.texts) writer.text(text);
      return undefined;
    case 'SOA':
      return writeSoa(writer, record);
    case 'other':
      return writer.raw(record.data);
  }
}

function writeSoa(writer: MessageWriter, record: SoaData): void {
  writer.name(record.primary);
  writer.name(record.mailbox);
  for (const value of [record.serial, record.refresh, record.retry, record.expire, record.minimum]) {
    writer.uint32(value);
  }
}

/** Appends OPT: root name, type, our payload size, then the rcode's upper bits, version 0 and no flags. */
function withEdns(message: Uint8Array, rcode: number): Uint8Array {
  const [size, type] = [largestUdpPayload, optType];
  const bytes = new Uint8Array(message.length + ednsLength);
  bytes.set(message);
  bytes.set([0, type >> 8, type & 255, size >> 8, size & 255, rcode >> 4, 0, 0, 0, 0, 0], message.length);
  return bytes;
}
