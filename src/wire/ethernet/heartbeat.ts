import { addressBytes, addressFromBytes, formatAddress, parseAddress } from '../../lib/address.ts';

/** What the speakers of a cluster tell each other on a segment: who lives, and which addresses it answers for. */
export interface Heartbeat {
  /** Which cluster it is of: others' speakers on the same segment are strangers. */
  readonly cluster: string;
  readonly node: string;
  readonly claims: readonly HeartbeatClaim[];
}

export interface HeartbeatClaim {
  readonly address: string;
  /** It answers for the address; without that it is about to. */
  readonly isHeld: boolean;
}

const magic = 0x7765_6674;
const version = 1;
const headerSize = 8;
const heldFlag = 1;
const ipv6Flag = 2;
const longestText = 255;
/** What fits into a frame of the smallest MTU that is usual. */
const roomForClaims = 1400 - 2 * longestText;

/**
 * As many payloads as it takes; one where there is nothing to claim.
 *
 *      0 magic u32 | 4 version u8 | 5 length of the cluster u8 | 6 length of the node u8 | 7 number of claims u8
 *      8 cluster | node | claims: flags u8, address[4 or 16]
 */
export function encodeHeartbeats({ cluster, node, claims }: Heartbeat): Uint8Array[] {
  const names = [cluster, node].map((text) => Buffer.from(text).subarray(0, longestText));
  const parts = chunksOf(claims.map(encodeClaim));
  return parts.map((part) => {
    const header = Buffer.alloc(headerSize);
    header.writeUInt32BE(magic, 0);
    header.set([version, names[0]?.length ?? 0, names[1]?.length ?? 0, part.length], 4);
    return Buffer.concat([header, ...names, ...part]);
  });
}

/** Undefined for anything else, and for what is cut short. */
export function decodeHeartbeat(bytes: Uint8Array): Heartbeat | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < headerSize || view.readUInt32BE(0) !== magic || view.readUInt8(4) !== version)
    return undefined;
  const nodeAt = headerSize + view.readUInt8(5);
  let at = nodeAt + view.readUInt8(6);
  const claims: HeartbeatClaim[] = [];
  for (let count = view.readUInt8(7); count > 0; count--) {
    const flags = view[at] ?? 0;
    const length = (flags & ipv6Flag) === 0 ? 4 : 16;
    const address = addressFromBytes(view.subarray(at + 1, at + 1 + length));
    if (address === undefined) return undefined;
    claims.push({ address: formatAddress(address), isHeld: (flags & heldFlag) !== 0 });
    at += 1 + length;
  }
  if (at > view.length) return undefined;
  const text = (from: number, to: number): string => view.subarray(from, to).toString();
  return { cluster: text(headerSize, nodeAt), node: text(nodeAt, nodeAt + view.readUInt8(6)), claims };
}

function encodeClaim({ address: text, isHeld }: HeartbeatClaim): Uint8Array {
  const address = parseAddress(text);
  if (address === undefined) throw new RangeError(`${text} is not an address`);
  const flags = (isHeld ? heldFlag : 0) | (address.family === 'IPv6' ? ipv6Flag : 0);
  return Uint8Array.from([flags, ...addressBytes(address)]);
}

function chunksOf(claims: readonly Uint8Array[]): Uint8Array[][] {
  const chunks: Uint8Array[][] = [[]];
  let room = roomForClaims;
  for (const claim of claims) {
    if (claim.length > room) {
      chunks.push([]);
      room = roomForClaims;
    }
    room -= claim.length;
    chunks.at(-1)?.push(claim);
  }
  return chunks;
}
