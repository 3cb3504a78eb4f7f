import { addressFromBytes, formatAddress } from '../lib/address.ts';

/** Addresses and ports of a packet; ports are 0 for protocols without them and for later fragments. */
export interface PacketHeader {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP' | 'other';
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

const protocols: Readonly<Record<number, PacketHeader['protocol']>> = { 6: 'TCP', 17: 'UDP', 132: 'SCTP' };

/**
 * Reads an IPv4 (RFC 791) or IPv6 (RFC 8200) header and the first four bytes of a TCP, UDP or SCTP header, which
 * hold both ports. IPv6 extension headers are not walked: the protocol is `other` then. Undefined when cut short.
 *
 *      0       1       2       3
 *     +-------+-------+-------+-------+
 *     |ver|ihl|  tos  |  total length |   IPv4, ihl in words of four bytes
 *     |      id       |fl|  fragment  |
 *     |  ttl  | proto |   checksum    |
 *     |            source             |
 *     |          destination          |
 */
export function decodePacket(bytes: Uint8Array): PacketHeader | undefined {
  const version = (bytes[0] ?? 0) >> 4;
  if (version === 4) return decodeIPv4(bytes);
  return version === 6 ? decodeIPv6(bytes) : undefined;
}

function decodeIPv4(bytes: Uint8Array): PacketHeader | undefined {
  const length = ((bytes[0] ?? 0) & 15) * 4;
  if (length < 20 || bytes.length < length) return undefined;
  const isLaterFragment = (u16(bytes, 6) & 0x1fff) !== 0;
  return withPorts(bytes, {
    protocol: protocols[bytes[9] ?? 0] ?? 'other',
    source: text(bytes.subarray(12, 16)),
    destination: text(bytes.subarray(16, 20)),
    transport: isLaterFragment ? bytes.length : length,
  });
}

function decodeIPv6(bytes: Uint8Array): PacketHeader | undefined {
  if (bytes.length < 40) return undefined;
  return withPorts(bytes, {
    protocol: protocols[bytes[6] ?? 0] ?? 'other',
    source: text(bytes.subarray(8, 24)),
    destination: text(bytes.subarray(24, 40)),
    transport: 40,
  });
}

function withPorts(
  bytes: Uint8Array,
  { transport, ...header }: Pick<PacketHeader, 'protocol' | 'source' | 'destination'> & { transport: number },
): PacketHeader {
  const hasPorts = header.protocol !== 'other' && bytes.length >= transport + 4;
  return {
    ...header,
    sourcePort: hasPorts ? u16(bytes, transport) : 0,
    destinationPort: hasPorts ? u16(bytes, transport + 2) : 0,
  };
}

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

function text(bytes: Uint8Array): string {
  const address = addressFromBytes(bytes);
  return address === undefined ? '' : formatAddress(address);
}
