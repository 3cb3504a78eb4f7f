import { internetChecksum } from './checksum.ts';
import { ipv4Bytes } from './ipv4.ts';

/** A UDP datagram over IPv4. */
export interface Datagram {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly data: Uint8Array;
}

const ipSize = 20;
const udpSize = 8;
const udp = 17;
const ttl = 64;

/** The whole packet, with its IPv4 header (RFC 791) and the checksums of both (RFC 768). */
export function encodeUdp({ source, destination, sourcePort, destinationPort, data }: Datagram): Uint8Array {
  const length = udpSize + data.length;
  const bytes = Buffer.alloc(ipSize + length);
  bytes.set([0x45, 0], 0);
  bytes.writeUInt16BE(bytes.length, 2);
  bytes.set([ttl, udp], 8);
  bytes.set(ipv4Bytes(source), 12);
  bytes.set(ipv4Bytes(destination), 16);
  bytes.writeUInt16BE(internetChecksum(bytes.subarray(0, ipSize)), 10);
  bytes.writeUInt16BE(sourcePort, ipSize);
  bytes.writeUInt16BE(destinationPort, ipSize + 2);
  bytes.writeUInt16BE(length, ipSize + 4);
  bytes.set(data, ipSize + udpSize);
  // Over the addresses and what follows them, the protocol and the length. 0 would say that there is none.
  const sum = internetChecksum(bytes.subarray(12), udp + length);
  bytes.writeUInt16BE(sum === 0 ? 0xffff : sum, ipSize + 6);
  return bytes;
}
