import { WeftError } from '../../lib/errors.ts';

/** `netlink-malformed`: bytes that are not what they claim to be. */
export function malformed(what: string): WeftError {
  return new WeftError('netlink-malformed', `malformed netlink message: ${what}`);
}

/** Rounds a length up to netlink's alignment of 4 bytes. */
export function align4(length: number): number {
  return Math.ceil(length / 4) * 4;
}

/** The same memory as a Buffer, for its readers of little- and big-endian numbers. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
