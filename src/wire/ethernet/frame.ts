/** What a frame carries (IEEE 802 EtherTypes). */
export const etherTypes = {
  ipv4: 0x0800,
  arp: 0x0806,
  ipv6: 0x86dd,
  /** IEEE 802 local experimental EtherType 1 (RFC 9542 appendix B): for protocols that stay on one segment. */
  speaker: 0x88b5,
} as const;

/** Everybody on the segment. */
export const broadcastMac = 'ff:ff:ff:ff:ff:ff';

/** An Ethernet II frame. */
export interface Frame {
  /** Lower-case, colon-separated, as all link-layer addresses. */
  readonly destination: string;
  readonly source: string;
  readonly etherType: number;
  /** Without padding where it was made; short frames come padded with zeros. */
  readonly payload: Uint8Array;
}

const headerSize = 14;
const macSize = 6;

/**
 *      0 destination[6] | 6 source[6] | 12 EtherType u16 | 14 payload
 */
export function encodeFrame({ destination, source, etherType, payload }: Frame): Uint8Array {
  const bytes = Buffer.alloc(headerSize + payload.length);
  bytes.set(macBytes(destination), 0);
  bytes.set(macBytes(source), macSize);
  bytes.writeUInt16BE(etherType, 2 * macSize);
  bytes.set(payload, headerSize);
  return bytes;
}

/** Undefined when it is cut short. */
export function decodeFrame(bytes: Uint8Array): Frame | undefined {
  if (bytes.length < headerSize) return undefined;
  return {
    destination: formatMac(bytes.subarray(0, macSize)),
    source: formatMac(bytes.subarray(macSize, 2 * macSize)),
    etherType: ((bytes[12] ?? 0) << 8) | (bytes[13] ?? 0),
    payload: bytes.subarray(headerSize),
  };
}

/** The six bytes of a link-layer address. */
export function macBytes(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(':').map((octet) => Number.parseInt(octet, 16)));
}

/** `02:00:5e:00:53:01` */
export function formatMac(bytes: Uint8Array): string {
  return [...bytes].map((octet) => octet.toString(16).padStart(2, '0')).join(':');
}
