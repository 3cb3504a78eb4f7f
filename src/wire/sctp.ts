/*
 * The first packets of an SCTP association (RFC 9260), network byte order:
 *
 *     common header   0 source port u16 | 2 destination port u16 | 4 verification tag u32 | 8 CRC32c u32
 *     chunk           0 type u8 | 1 flags u8 | 2 length u16, this header included
 *     INIT, INIT ACK  4 initiate tag u32 | 8 window u32 | 12 streams out u16 | 14 streams in u16 | 16 first TSN u32
 *     parameter       0 type u16 | 2 length u16, this header included | value, padded to four bytes
 */
const commonHeaderSize = 12;
const initSize = 20;
const parameterHeaderSize = 4;
const stateCookie = 7;

const chunkTypes = { init: 1, 'init-ack': 2, abort: 6 } as const;

/**
 * What a packet says first. `init` asks for an association, `init-ack` agrees and hands over a cookie for the client to
 * bring back, `abort` refuses. A tag is what the other side has to write into its packets from now on.
 */
export type SctpChunk =
  | { readonly type: 'init'; readonly tag: number }
  | { readonly type: 'init-ack'; readonly tag: number; readonly cookie: Uint8Array }
  | { readonly type: 'abort' };

export interface SctpPacket {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** The receiver's tag; 0 in the packet that carries an INIT. */
  readonly verificationTag: number;
  readonly chunk: SctpChunk;
}

/** What is said about windows, streams and sequence numbers, which nobody here gets as far as to use. */
const window = 65_535;
const streams = 1;

/** The packet from its common header on. */
export function encodeSctp({ sourcePort, destinationPort, verificationTag, chunk }: SctpPacket): Uint8Array {
  const body = encodeChunk(chunk);
  const bytes = Buffer.alloc(commonHeaderSize + body.length);
  bytes.writeUInt16BE(sourcePort, 0);
  bytes.writeUInt16BE(destinationPort, 2);
  bytes.writeUInt32BE(verificationTag, 4);
  bytes.set(body, commonHeaderSize);
  // Appendix A: the checksum goes out with its least significant byte first.
  bytes.writeUInt32LE(crc32c(bytes), 8);
  return bytes;
}

function encodeChunk(chunk: SctpChunk): Buffer {
  const cookie = chunk.type === 'init-ack' ? encodeParameter(stateCookie, chunk.cookie) : Buffer.alloc(0);
  const bytes = Buffer.alloc(chunk.type === 'abort' ? 4 : initSize);
  bytes.writeUInt8(chunkTypes[chunk.type], 0);
  bytes.writeUInt16BE(bytes.length + cookie.length, 2);
  if (chunk.type === 'abort') return bytes;
  bytes.writeUInt32BE(chunk.tag, 4);
  bytes.writeUInt32BE(window, 8);
  bytes.writeUInt16BE(streams, 12);
  bytes.writeUInt16BE(streams, 14);
  bytes.writeUInt32BE(chunk.tag, 16);
  return Buffer.concat([bytes, cookie]);
}

function encodeParameter(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(parameterHeaderSize + Math.ceil(value.length / 4) * 4);
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(parameterHeaderSize + value.length, 2);
  bytes.set(value, parameterHeaderSize);
  return bytes;
}

/** Reads a packet by its first chunk. Undefined for other chunks, a wrong checksum, and what is cut short. */
export function decodeSctp(bytes: Uint8Array): SctpPacket | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < commonHeaderSize + 4 || view.readUInt32LE(8) !== crc32c(view)) return undefined;
  const chunk = decodeChunk(view.subarray(commonHeaderSize));
  if (chunk === undefined) return undefined;
  return {
    sourcePort: view.readUInt16BE(0),
    destinationPort: view.readUInt16BE(2),
    verificationTag: view.readUInt32BE(4),
    chunk,
  };
}

function decodeChunk(bytes: Buffer): SctpChunk | undefined {
  const type = bytes.readUInt8(0);
  if (type === chunkTypes.abort) return { type: 'abort' };
  const length = bytes.readUInt16BE(2);
  if (length < initSize || length > bytes.length) return undefined;
  const tag = bytes.readUInt32BE(4);
  if (type === chunkTypes.init) return { type: 'init', tag };
  if (type !== chunkTypes['init-ack']) return undefined;
  const cookie = findParameter(bytes.subarray(initSize, length), stateCookie);
  return cookie === undefined ? undefined : { type: 'init-ack', tag, cookie };
}

function findParameter(bytes: Buffer, wanted: number): Uint8Array | undefined {
  for (let at = 0; at + parameterHeaderSize <= bytes.length;) {
    const length = bytes.readUInt16BE(at + 2);
    if (length < parameterHeaderSize || at + length > bytes.length) return undefined;
    if (bytes.readUInt16BE(at) === wanted) return bytes.subarray(at + parameterHeaderSize, at + length);
    at += Math.ceil(length / 4) * 4;
  }
  return undefined;
}

/** The Castagnoli polynomial, bits reversed. */
const polynomial = 0x82f6_3b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? polynomial : 0);
  return value;
});

/** CRC32c of a packet whose checksum field counts as zero (RFC 9260 section 6.8). */
function crc32c(packet: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const [at, byte] of packet.entries()) {
    const counted = at >= 8 && at < 12 ? 0 : byte;
    crc = (crc >>> 8) ^ (table[(crc ^ counted) & 0xff] ?? 0);
  }
  return ~crc >>> 0;
}
