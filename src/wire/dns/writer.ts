import { addressBytes, parseAddress } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import { labelBytes, labelsOf } from './name.ts';

/** A compression pointer has 14 bits. */
const farthestPointer = 0x3fff;

/** Appends to a buffer. Writing past the end of its room is not an error: `overflowed` tells it afterwards. */
export interface MessageWriter {
  readonly position: number;
  readonly overflowed: boolean;
  uint8(value: number): void;
  uint16(value: number): void;
  uint32(value: number): void;
  /** Overwrites two bytes written before. */
  patch16(position: number, value: number): void;
  /**
   * Writes a name, ending it with a pointer to an earlier name's tail where there is one in the same letters
   * (same case too, so that a client sees its own spelling). Throws `dns-name-invalid`.
   */
  name(name: string, options?: { compress: boolean }): void;
  /** An IPv4 or IPv6 address in network order. Throws `dns-address-invalid`. */
  address(text: string): void;
  /** A length byte and at most 255 bytes of UTF-8. */
  text(text: string): void;
  raw(bytes: Uint8Array): void;
  /** Gives up everything written since `position`; nothing may be written with compression afterwards. */
  rewind(position: number): void;
  /** A copy of what was written. */
  bytes(): Uint8Array;
}

/** A writer into the first `size` bytes of a buffer, whose content before does not matter. */
export function createMessageWriter(buffer: Uint8Array, size: number): MessageWriter {
  const tails = new Map<string, number>();
  let position = 0;

  const uint8 = (value: number): void => {
    // A typed array ignores writes past its end.
    buffer[position++] = value;
  };
  const uint16 = (value: number): void => {
    uint8(value >>> 8);
    uint8(value);
  };
  const all = (values: Iterable<number>): void => {
    for (const value of values) uint8(value);
  };

  const writeLabel = (label: string): void => {
    if (!label.includes('\\')) {
      uint8(label.length);
      for (let i = 0; i < label.length; i++) uint8(label.charCodeAt(i));
      return;
    }
    const bytes = labelBytes(label) ?? [];
    uint8(bytes.length);
    all(bytes);
  };

  return {
    get position() {
      return position;
    },
    get overflowed() {
      return position > size;
    },
    uint8,
    uint16,
    uint32(value) {
      uint16(value >>> 16);
      uint16(value & 0xffff);
    },
    patch16(at, value) {
      buffer[at] = value >>> 8;
      buffer[at + 1] = value;
    },
    name(name, options) {
      const compress = options?.compress ?? true;
      const labels = labelsOf(name);
      if (labels === undefined)
        throw new WeftError('dns-name-invalid', `${JSON.stringify(name)} is no DNS name`);
      let tail = name;
      for (const label of labels) {
        const seen = compress ? tails.get(tail) : undefined;
        if (seen !== undefined) return uint16(0xc000 | seen);
        if (compress && position <= farthestPointer) tails.set(tail, position);
        writeLabel(label);
        tail = tail.slice(label.length + 1);
      }
      return uint8(0);
    },
    address(text) {
      const address = parseAddress(text);
      if (address === undefined) {
        throw new WeftError('dns-address-invalid', `${JSON.stringify(text)} is no IP address`);
      }
      all(addressBytes(address));
    },
    text(text) {
      const bytes = new TextEncoder().encode(text).subarray(0, 255);
      uint8(bytes.length);
      all(bytes);
    },
    raw: all,
    rewind(to) {
      position = to;
    },
    bytes: () => buffer.slice(0, Math.min(position, size)),
  };
}
