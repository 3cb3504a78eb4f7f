import { align4, asBuffer, malformed } from './bytes.ts';

/*
 * struct nlattr (linux/netlink.h), host byte order: the length counts these 4 bytes but not the padding.
 *
 *    0       2       4
 *   +-------+-------+- - -
 *   | len   | type  | payload, padded to 4
 *   +-------+-------+- - -
 *            the type's top bits: 15 nested, 14 (unused here) network byte order
 */
export const attributeHeaderSize = 4;
export const NLA_F_NESTED = 0x8000;
const typeMask = 0x3fff;

/** One attribute; its type without the flag bits. */
export interface Attribute {
  readonly type: number;
  readonly payload: Buffer;
}

/**
 * Reads attributes that fill `bytes`. Nested ones are read one level at a time by `nested`, so what
 * the caller does not ask for costs nothing and no input can recurse. Throws `netlink-malformed` when a length
 * does not fit; up to 3 bytes of padding at the end are accepted.
 */
export function parseAttributes(bytes: Uint8Array): Attributes {
  const buffer = asBuffer(bytes);
  const found: Attribute[] = [];
  let offset = 0;
  while (buffer.length - offset >= attributeHeaderSize) {
    const length = buffer.readUInt16LE(offset);
    if (length < attributeHeaderSize || length > buffer.length - offset) {
      throw malformed(`attribute of ${length} bytes at ${offset} of ${buffer.length}`);
    }
    const type = buffer.readUInt16LE(offset + 2) & typeMask;
    found.push({ type, payload: buffer.subarray(offset + attributeHeaderSize, offset + length) });
    offset += align4(length);
  }
  return new Attributes(found);
}

/**
 * The attributes of one level. Every reader returns undefined when there is no attribute of that type (of
 * several, the last counts, as in the kernel) and throws `netlink-malformed` when its payload is too short.
 * Numbers are in host byte order except those that end in BE.
 */
export class Attributes {
  /** In the order they came: lists repeat a type. */
  readonly all: readonly Attribute[];

  constructor(all: readonly Attribute[]) {
    this.all = all;
  }

  bytes(type: number): Buffer | undefined {
    return this.all.findLast((attribute) => attribute.type === type)?.payload;
  }

  u8(type: number): number | undefined {
    return this.#sized(type, 1)?.readUInt8(0);
  }

  u16(type: number): number | undefined {
    return this.#sized(type, 2)?.readUInt16LE(0);
  }

  u32(type: number): number | undefined {
    return this.#sized(type, 4)?.readUInt32LE(0);
  }

  u64(type: number): bigint | undefined {
    return this.#sized(type, 8)?.readBigUInt64LE(0);
  }

  u16BE(type: number): number | undefined {
    return this.#sized(type, 2)?.readUInt16BE(0);
  }

  u32BE(type: number): number | undefined {
    return this.#sized(type, 4)?.readUInt32BE(0);
  }

  u64BE(type: number): bigint | undefined {
    return this.#sized(type, 8)?.readBigUInt64BE(0);
  }

  /** Text up to the first NUL. */
  string(type: number): string | undefined {
    const payload = this.bytes(type);
    if (payload === undefined) return undefined;
    const end = payload.indexOf(0);
    return payload.toString('utf8', 0, end < 0 ? payload.length : end);
  }

  nested(type: number): Attributes | undefined {
    const payload = this.bytes(type);
    return payload === undefined ? undefined : parseAttributes(payload);
  }

  #sized(type: number, size: number): Buffer | undefined {
    const payload = this.bytes(type);
    if (payload !== undefined && payload.length < size) {
      throw malformed(`attribute ${type} has ${payload.length} bytes, ${size} needed`);
    }
    return payload;
  }
}
