import { ipv4Bytes, ipv4Text } from '../ipv4.ts';
import { formatMac, macBytes } from './frame.ts';

/** An ARP packet for IPv4 on Ethernet (RFC 826). */
export interface Arp {
  readonly operation: 'request' | 'reply';
  readonly senderMac: string;
  /** 0.0.0.0 in a probe (RFC 5227), which asks without saying who does. */
  readonly senderAddress: string;
  readonly targetMac: string;
  readonly targetAddress: string;
}

export const noMac = '00:00:00:00:00:00';
export const noAddress = '0.0.0.0';

const size = 28;
const operations = { request: 1, reply: 2 } as const;

/** Hardware type Ethernet, protocol type IPv4, and the sizes of their addresses. */
const preamble = [0, 1, 8, 0, 6, 4];

/**
 *      0 hardware type u16 | 2 protocol type u16 | 4 sizes u8 u8 | 6 operation u16
 *      8 sender MAC[6] | 14 sender address[4] | 18 target MAC[6] | 24 target address[4]
 */
export function encodeArp(arp: Arp): Uint8Array {
  const bytes = Buffer.alloc(size);
  bytes.set(preamble, 0);
  bytes.writeUInt16BE(operations[arp.operation], 6);
  bytes.set(macBytes(arp.senderMac), 8);
  bytes.set(ipv4Bytes(arp.senderAddress), 14);
  bytes.set(macBytes(arp.targetMac), 18);
  bytes.set(ipv4Bytes(arp.targetAddress), 24);
  return bytes;
}

/** Undefined for other protocols, other operations, and what is cut short. */
export function decodeArp(bytes: Uint8Array): Arp | undefined {
  if (bytes.length < size || preamble.some((octet, at) => bytes[at] !== octet)) return undefined;
  const number = ((bytes[6] ?? 0) << 8) | (bytes[7] ?? 0);
  const operation = number === 1 ? 'request' : number === 2 ? 'reply' : undefined;
  if (operation === undefined) return undefined;
  return {
    operation,
    senderMac: formatMac(bytes.subarray(8, 14)),
    senderAddress: ipv4Text(bytes.subarray(14, 18)) ?? noAddress,
    targetMac: formatMac(bytes.subarray(18, 24)),
    targetAddress: ipv4Text(bytes.subarray(24, 28)) ?? noAddress,
  };
}
