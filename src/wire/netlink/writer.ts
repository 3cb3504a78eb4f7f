import { WeftError } from '../../lib/errors.ts';
import { attributeHeaderSize, NLA_F_NESTED } from './attributes.ts';
import { align4 } from './bytes.ts';
import { messageHeaderSize } from './message.ts';

/** Header fields of a message; the length is filled in by `end`. */
export interface MessageStart {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
}

const maxAttributeLength = 0xffff;

/**
 * Builds any number of netlink messages back to back in one growing buffer:
 *
 *     writer.begin({ type, flags, sequence });
 *     writer.bytes(fixedHeader);
 *     writer.string(IFLA_IFNAME, 'eth0');
 *     writer.nested(IFLA_LINKINFO, () => writer.string(IFLA_INFO_KIND, 'veth'));
 *     writer.end();
 *     send(writer.finish());
 *
 * Numbers are in host byte order except those that end in BE. Throws `netlink-too-long` where an attribute
 * would exceed its 16-bit length.
 */
export class MessageWriter {
  #buffer: Buffer;
  #length = 0;
  #start = 0;
  /** What lies behind was never written, and is zero. */
  #used = 0;

  constructor(initialSize = 4096) {
    this.#buffer = Buffer.alloc(initialSize);
  }

  /** Bytes written so far, of all messages. */
  get length(): number {
    return this.#length;
  }

  begin({ type, flags, sequence }: MessageStart): void {
    this.#start = this.#length;
    const at = this.#reserve(messageHeaderSize);
    this.#buffer.writeUInt16LE(type, at + 4);
    this.#buffer.writeUInt16LE(flags, at + 6);
    this.#buffer.writeUInt32LE(sequence >>> 0, at + 8);
  }

  /** Ends the message that `begin` started: fills in its length. */
  end(): void {
    this.#buffer.writeUInt32LE(this.#length - this.#start, this.#start);
  }

  /** Raw bytes, padded to 4: a fixed header such as `struct ifinfomsg`. */
  bytes(payload: Uint8Array): void {
    const at = this.#reserve(payload.length);
    this.#buffer.set(payload, at);
  }

  attribute(type: number, payload: Uint8Array): void {
    const at = this.#header(type, payload.length);
    this.#buffer.set(payload, at);
  }

  /** An attribute without payload: its presence is the value. */
  flag(type: number): void {
    this.#header(type, 0);
  }

  u8(type: number, value: number): void {
    const at = this.#header(type, 1);
    this.#buffer.writeUInt8(value, at);
  }

  u16(type: number, value: number): void {
    const at = this.#header(type, 2);
    this.#buffer.writeUInt16LE(value, at);
  }

  u32(type: number, value: number): void {
    const at = this.#header(type, 4);
    this.#buffer.writeUInt32LE(value >>> 0, at);
  }

  u64(type: number, value: bigint): void {
    const at = this.#header(type, 8);
    this.#buffer.writeBigUInt64LE(value, at);
  }

  u16BE(type: number, value: number): void {
    const at = this.#header(type, 2);
    this.#buffer.writeUInt16BE(value, at);
  }

  u32BE(type: number, value: number): void {
    const at = this.#header(type, 4);
    this.#buffer.writeUInt32BE(value >>> 0, at);
  }

  u64BE(type: number, value: bigint): void {
    const at = this.#header(type, 8);
    this.#buffer.writeBigUInt64BE(value, at);
  }

  /** Text with the NUL the kernel wants behind it. Throws `netlink-text` when the text itself holds a NUL. */
  string(type: number, text: string): void {
    if (text.includes('\0')) throw new WeftError('netlink-text', 'text for the kernel holds a NUL');
    const at = this.#header(type, Buffer.byteLength(text) + 1);
    this.#buffer.write(text, at);
  }

  /** An attribute of zeros. Returns where in `memory` they start: to be overwritten before anything else is written. */
  room(type: number, length: number): number {
    return this.#header(type, length);
  }

  /** What was written so far, and more: another one after the next write. */
  get memory(): Buffer {
    return this.#buffer;
  }

  /** An attribute whose payload is what `fill` writes: attributes, or a fixed header and attributes. */
  nested(type: number, fill: () => void): void {
    const start = this.open(type);
    fill();
    this.close(start);
  }

  /** The same in two halves, for where functions cost too much. Returns what `close` wants. */
  open(type: number): number {
    return this.#header(type | NLA_F_NESTED, 0) - attributeHeaderSize;
  }

  close(start: number): void {
    const length = checkedLength(this.#buffer.readUInt16LE(start + 2), this.#length - start);
    this.#buffer.writeUInt16LE(length, start);
  }

  /** All messages so far. The bytes are the writer's own until `reset` is called. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Forgets what was written and keeps the memory. */
  reset(): void {
    this.#length = 0;
    this.#start = 0;
  }

  // Both may move the buffer: call them before `this.#buffer` is evaluated, never among its arguments.
  #header(type: number, payloadLength: number): number {
    const length = checkedLength(type, attributeHeaderSize + payloadLength);
    const at = this.#reserve(length);
    this.#buffer.writeUInt16LE(length, at);
    this.#buffer.writeUInt16LE(type, at + 2);
    return at + attributeHeaderSize;
  }

  /** Makes room for `length` bytes, padded to 4 and zeroed; returns where they start. */
  #reserve(length: number): number {
    const at = this.#length;
    const end = at + align4(length);
    if (end > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(end, this.#buffer.length * 2));
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    if (at < this.#used) this.#buffer.fill(0, at, end);
    if (end > this.#used) this.#used = end;
    this.#length = end;
    return at;
  }
}

function checkedLength(type: number, length: number): number {
  if (length <= maxAttributeLength) return length;
  throw new WeftError(
    'netlink-too-long',
    `netlink attribute ${type & ~NLA_F_NESTED} would be ${length} bytes`,
  );
}
