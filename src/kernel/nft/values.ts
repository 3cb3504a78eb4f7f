import {
  addressBytes,
  addressFromBytes,
  formatAddress,
  ipv4Number,
  parseAddress,
} from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import type { NftType, NftValue } from './port.ts';
import { protocolName, protocolNumber } from './protocols.ts';

/** Types whose values are bytes: all but verdicts. */
type NftDataType = Exclude<NftType, 'verdict'>;

/** `mark` is kept as the machine keeps it, except in sets of intervals, which the kernel orders by bytes. */
export interface ByteOrder {
  readonly markOrder: 'host' | 'network';
}

interface Codec {
  /** Bytes of a value. */
  readonly width: number;
  /** Writes the value there, into zeros; false for what the type cannot hold. */
  encode(value: NftValue, into: Buffer, at: number, order: ByteOrder): boolean;
  decode(bytes: Buffer, order: ByteOrder): NftValue | undefined;
}

const longestName = 15;

const codecs = {
  ipv4_addr: {
    width: 4,
    encode(value, into, at) {
      const number = typeof value === 'string' ? ipv4Number(value) : undefined;
      if (number !== undefined) into.writeUInt32BE(number, at);
      return number !== undefined;
    },
    decode: addressOf,
  },
  ipv6_addr: {
    width: 16,
    encode(value, into, at) {
      const address = typeof value === 'string' ? parseAddress(value) : undefined;
      if (address?.family !== 'IPv6') return false;
      into.set(addressBytes(address), at);
      return true;
    },
    decode: addressOf,
  },
  inet_proto: {
    width: 1,
    encode(value, into, at) {
      const number = typeof value === 'number' ? value : protocolNumber(value);
      if (number === undefined || !isUnsigned(number, 8)) return false;
      into.writeUInt8(number, at);
      return true;
    },
    decode: (bytes) => protocolName(bytes.readUInt8(0)) ?? bytes.readUInt8(0),
  },
  inet_service: {
    width: 2,
    encode(value, into, at) {
      if (!isUnsigned(value, 16)) return false;
      into.writeUInt16BE(value, at);
      return true;
    },
    decode: (bytes) => bytes.readUInt16BE(0),
  },
  mark: {
    width: 4,
    encode(value, into, at, { markOrder }) {
      if (!isUnsigned(value, 32)) return false;
      if (markOrder === 'host') into.writeUInt32LE(value, at);
      else into.writeUInt32BE(value, at);
      return true;
    },
    decode: (bytes, { markOrder }) => (markOrder === 'host' ? bytes.readUInt32LE(0) : bytes.readUInt32BE(0)),
  },
  ifname: {
    width: 16,
    encode(value, into, at) {
      if (typeof value !== 'string' || value === '' || value.includes('\0')) return false;
      const name = Buffer.from(value, 'utf8');
      if (name.length <= longestName) into.set(name, at);
      return name.length <= longestName;
    },
    decode(bytes) {
      const end = bytes.indexOf(0);
      return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
    },
  },
  bytes12: {
    width: 12,
    encode(value, into, at) {
      const isHex = typeof value === 'string' && /^[\da-f]{24}$/.test(value);
      if (isHex) into.write(value, at, 'hex');
      return isHex;
    },
    decode: (bytes) => bytes.toString('hex'),
  },
} as const satisfies Record<NftDataType, Codec>;

function addressOf(bytes: Buffer): string | undefined {
  const address = addressFromBytes(bytes);
  return address && formatAddress(address);
}

function isUnsigned(value: NftValue, bits: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** bits;
}

/**
 * The bytes of a key or of a map's value. Components of a concatenation are each padded to 4 bytes; one alone is
 * not (nftables userspace, src/expression.c: `concat`). Throws `nft-value` for what a type cannot hold.
 */
export function encodeValues(
  types: readonly NftType[],
  values: readonly NftValue[],
  order: ByteOrder,
): Buffer {
  // Small buffers share memory that way, which those made with zeros in them do not.
  const bytes = Buffer.allocUnsafe(sizeOf(types)).fill(0);
  writeValues(types, values, { into: bytes, at: 0, order });
  return bytes;
}

/** Where values go: `sizeOf` zeros. */
export interface ValuesPlace {
  readonly into: Buffer;
  readonly at: number;
  readonly order: ByteOrder;
}

/** The same, written there. */
export function writeValues(
  types: readonly NftType[],
  values: readonly NftValue[],
  { into, at: start, order }: ValuesPlace,
): void {
  if (types.length !== values.length) {
    throw new WeftError('nft-value', `${values.length} values for ${types.join(' . ')}`);
  }
  let at = start;
  for (let index = 0; index < types.length; index++) {
    const [type = 'verdict', value = ''] = [types[index], values[index]];
    if (type === 'verdict' || !codecs[type].encode(value, into, at, order)) {
      throw new WeftError('nft-value', `${JSON.stringify(value)} is no ${type}`);
    }
    at += padded(type);
  }
}

/** The reverse of `encodeValues`. Throws `nft-malformed` when the bytes are not of these types. */
export function decodeValues(types: readonly NftType[], bytes: Uint8Array, order: ByteOrder): NftValue[] {
  if (bytes.length !== sizeOf(types)) {
    throw new WeftError('nft-malformed', `${bytes.length} bytes for ${types.join(' . ')}`);
  }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  return types.map((type) => {
    const value = decodeOne(type, buffer.subarray(at, at + widthOf(type)), order);
    at += padded(type);
    return value;
  });
}

function decodeOne(type: NftType, bytes: Buffer, order: ByteOrder): NftValue {
  const value = type === 'verdict' ? undefined : codecs[type].decode(bytes, order);
  if (value === undefined) throw new WeftError('nft-malformed', `no ${type}: ${bytes.toString('hex')}`);
  return value;
}

/** Bytes of values of these types. */
export function sizeOf(types: readonly NftType[]): number {
  const [only, ...rest] = types;
  if (only === undefined) throw new WeftError('nft-value', 'a key or value without types');
  return rest.length === 0 ? widthOf(only) : types.reduce((sum, type) => sum + padded(type), 0);
}

function widthOf(type: NftType): number {
  return type === 'verdict' ? 0 : codecs[type].width;
}

function padded(type: NftType): number {
  return Math.ceil(widthOf(type) / 4) * 4;
}
