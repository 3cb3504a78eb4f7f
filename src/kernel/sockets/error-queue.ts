import { SOL_IP, SOL_IPV6 } from '../libc-constants.ts';
import { errnoName } from '../libc-errno.ts';
import type { IcmpError } from './port.ts';
import { decodeSockaddr } from './sockaddr.ts';

export const IP_RECVERR = 11;
export const IPV6_RECVERR = 25;

/*
 * Control messages of recvmsg (sys/socket.h), each aligned to 8 bytes, host byte order:
 *   0 length u64, header included | 8 level i32 | 12 type i32 | 16 data
 * whose data for IP_RECVERR is a struct sock_extended_err (linux/errqueue.h) and the offender's sockaddr:
 *   0 errno u32 | 4 origin u8 | 5 type u8 | 6 code u8 | 7 pad | 8 info u32 | 12 data u32 | 16 offender
 */
const headerSize = 16;
const extendedErrorSize = 16;
/** SO_EE_ORIGIN_ICMP and SO_EE_ORIGIN_ICMP6: sent by a machine, not derived on this one. */
const icmpOrigins = [2, 3];

/**
 * The ICMP error among the control messages of one MSG_ERRQUEUE receive; undefined when there is none, also in
 * malformed bytes. The kernel writes the offender as zeros when it does not know it: then `offender` is empty.
 */
export function decodeIcmpError(control: Uint8Array): IcmpError | undefined {
  const view = Buffer.from(control.buffer, control.byteOffset, control.byteLength);
  for (let at = 0; at + headerSize <= view.length;) {
    const length = Number(view.readBigUInt64LE(at));
    if (length < headerSize || length > view.length - at) return undefined;
    const level = view.readInt32LE(at + 8);
    const type = view.readInt32LE(at + 12);
    if ((level === SOL_IP && type === IP_RECVERR) || (level === SOL_IPV6 && type === IPV6_RECVERR)) {
      return decodeExtendedError(view.subarray(at + headerSize, at + length));
    }
    at += Math.ceil(length / 8) * 8;
  }
  return undefined;
}

function decodeExtendedError(bytes: Buffer): IcmpError | undefined {
  if (bytes.length < extendedErrorSize || !icmpOrigins.includes(bytes.readUInt8(4))) return undefined;
  return {
    offender: decodeSockaddr(bytes.subarray(extendedErrorSize))?.address ?? '',
    type: bytes.readUInt8(5),
    code: bytes.readUInt8(6),
    errno: errnoName(bytes.readUInt32LE(0)),
  };
}
