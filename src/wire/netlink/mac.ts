/** The 6 bytes of `aa:bb:cc:00:11:22`, in either case; undefined for anything else. */
export function parseMac(text: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) return undefined;
  return Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16));
}

/** Lower-case and colon-separated, as `ip` writes it. */
export function formatMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** Broadcast, multicast and all-zero addresses: those a forwarding table may send to several places. */
export function isGroupMac(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 1) === 1 || bytes.every((byte) => byte === 0);
}
