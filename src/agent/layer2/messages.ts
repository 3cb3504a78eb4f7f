import { familyOf } from '../../lib/address.ts';
import { decodeArp, encodeArp, noAddress, noMac } from '../../wire/ethernet/arp.ts';
import { broadcastMac, decodeFrame, encodeFrame, etherTypes } from '../../wire/ethernet/frame.ts';
import {
  allNodes,
  decodeNeighbourMessage,
  encodeNeighbourMessage,
  multicastMac,
  solicitedNode,
  unspecified,
} from '../../wire/ethernet/neighbour-discovery.ts';

/** What ARP and neighbour discovery have in common, as far as holding an address goes. */
export type AddressMessage =
  /** Somebody wants to know who has it. */
  | { readonly kind: 'question'; readonly address: string; readonly from: Asker }
  /** Somebody wants to have it, and asks first. */
  | { readonly kind: 'probe'; readonly address: string; readonly from: Asker }
  /** Somebody says that he has it. */
  | { readonly kind: 'claim'; readonly address: string; readonly mac: string };

export interface Asker {
  readonly mac: string;
  /** `0.0.0.0` or `::` in a probe. */
  readonly address: string;
}

/** What a frame says of addresses. An ARP request tells of its sender's address too. */
export function readAddressMessages(bytes: Uint8Array): AddressMessage[] {
  const frame = decodeFrame(bytes);
  if (frame === undefined) return [];
  if (frame.etherType === etherTypes.arp) return readArp(frame.payload);
  return frame.etherType === etherTypes.ipv6 ? readNeighbourMessage(frame.payload, frame.source) : [];
}

function readArp(payload: Uint8Array): AddressMessage[] {
  const arp = decodeArp(payload);
  if (arp === undefined) return [];
  const { operation, senderMac: mac, senderAddress, targetAddress } = arp;
  const from = { mac, address: senderAddress };
  if (senderAddress === noAddress) {
    return operation === 'request' ? [{ kind: 'probe', address: targetAddress, from }] : [];
  }
  const claim = { kind: 'claim', address: senderAddress, mac } as const;
  const asks = operation === 'request' && senderAddress !== targetAddress;
  return asks ? [claim, { kind: 'question', address: targetAddress, from }] : [claim];
}

function readNeighbourMessage(payload: Uint8Array, source: string): AddressMessage[] {
  const message = decodeNeighbourMessage(payload);
  if (message === undefined) return [];
  const { kind, target: address } = message;
  if (kind === 'advertisement') return [{ kind: 'claim', address, mac: source }];
  const from = { mac: source, address: message.source };
  return [{ kind: message.source === unspecified ? 'probe' : 'question', address, from }];
}

/** The frame that answers a question or a probe: this link has the address. */
export function answerFrame(address: string, own: string, to: Asker): Uint8Array {
  if (familyOf(address) === 'IPv4') {
    const payload = encodeArp({
      operation: 'reply',
      senderMac: own,
      senderAddress: address,
      targetMac: to.mac,
      targetAddress: to.address,
    });
    return encodeFrame({ destination: to.mac, source: own, etherType: etherTypes.arp, payload });
  }
  // Who looks for a duplicate has no address yet: everybody is told.
  if (to.address === unspecified) return advertisementFrame(address, own);
  const payload = encodeNeighbourMessage({
    kind: 'advertisement',
    source: address,
    destination: to.address,
    target: address,
    mac: own,
    isSolicited: true,
    isOverriding: true,
  });
  return encodeFrame({ destination: to.mac, source: own, etherType: etherTypes.ipv6, payload });
}

/** The frame that asks whether anybody has the address, before it is taken (RFC 5227, RFC 4862). */
export function probeFrame(address: string, own: string): Uint8Array {
  if (familyOf(address) === 'IPv4') {
    const payload = encodeArp({
      operation: 'request',
      senderMac: own,
      senderAddress: noAddress,
      targetMac: noMac,
      targetAddress: address,
    });
    return encodeFrame({ destination: broadcastMac, source: own, etherType: etherTypes.arp, payload });
  }
  const destination = solicitedNode(address);
  const payload = encodeNeighbourMessage({
    kind: 'solicitation',
    source: unspecified,
    destination,
    target: address,
  });
  return encodeFrame({
    destination: multicastMac(destination),
    source: own,
    etherType: etherTypes.ipv6,
    payload,
  });
}

/** The frames that tell everybody, unasked: some machines heed one form of gratuitous ARP, some the other. */
export function announcementFrames(address: string, own: string): Uint8Array[] {
  if (familyOf(address) === 'IPv6') return [advertisementFrame(address, own)];
  return (['request', 'reply'] as const).map((operation) => {
    const payload = encodeArp({
      operation,
      senderMac: own,
      senderAddress: address,
      targetMac: operation === 'request' ? noMac : own,
      targetAddress: address,
    });
    return encodeFrame({ destination: broadcastMac, source: own, etherType: etherTypes.arp, payload });
  });
}

/** Groups that have to be joined to hear of an address. */
export function groupsOf(address: string): string[] {
  if (familyOf(address) === 'IPv4') return [];
  return [multicastMac(solicitedNode(address)), multicastMac(allNodes)];
}

function advertisementFrame(address: string, own: string): Uint8Array {
  const payload = encodeNeighbourMessage({
    kind: 'advertisement',
    source: address,
    destination: allNodes,
    target: address,
    mac: own,
    isSolicited: false,
    isOverriding: true,
  });
  return encodeFrame({
    destination: multicastMac(allNodes),
    source: own,
    etherType: etherTypes.ipv6,
    payload,
  });
}
