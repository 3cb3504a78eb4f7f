import type { Family } from '../../lib/address.ts';
import { SOL_SOCKET } from '../libc-constants.ts';
import { libc, syscall, syscallUnless } from '../libc.ts';
import type { ConnectOptions } from './port.ts';

/** As the protocol of a raw socket. */
export const IPPROTO_SCTP = 132;
const SO_ERROR = 4;

/** A raw socket with a peer; the kernel hands it the packets and errors of all associations with that peer. */
export interface SctpPeer {
  readonly family: Family;
  readonly sourcePort: number;
  readonly port: number;
}

export function sctpPeerOf({ address, port, sourcePort = 0 }: ConnectOptions): SctpPeer {
  return { family: address.includes(':') ? 'IPv6' : 'IPv4', port, sourcePort };
}

/** Whether an ICMP error quotes a packet of this association. */
export function isQuotedBy({ sourcePort, port }: SctpPeer, quoted: Uint8Array): boolean {
  return portsOf(quoted).join() === `${sourcePort},${port}`;
}

/**
 * The next packet from the peer's address, of whichever association and in whichever direction: who asks itself hears
 * itself, and ports may have been translated on the way. Undefined when there is none (yet).
 */
export function receiveSctp(fd: number, { family }: SctpPeer, into: Buffer): Uint8Array | undefined {
  // Somebody else's association may have failed: what failed of this one is in the error queue.
  clearError(fd);
  const length = syscallUnless(['EAGAIN'], 'recv', () => libc().recv(fd, into, into.length, 0));
  if (length === undefined) return undefined;
  return Uint8Array.from(sctpPacketOf(family, into.subarray(0, length)));
}

/** What a raw socket received, from the SCTP header on: IPv4 packets come with their header (raw(7)). */
function sctpPacketOf(family: Family, received: Uint8Array): Uint8Array {
  return family === 'IPv6' ? received : received.subarray(((received[0] ?? 0) & 15) * 4);
}

/** Source and destination port at the beginning of a packet. */
function portsOf(packet: Uint8Array): [source: number, destination: number] {
  const u16 = (at: number): number => ((packet[at] ?? 0) << 8) | (packet[at + 1] ?? 0);
  return [u16(0), u16(2)];
}

/** Reading the error takes it off the socket. */
export function clearError(fd: number): void {
  const value = Buffer.alloc(4);
  const length = Buffer.from([value.length, 0, 0, 0]);
  syscall('getsockopt', () => libc().getsockopt(fd, SOL_SOCKET, SO_ERROR, value, length));
}
