/**
 * The little of DER (ITU-T X.690) that a certificate needs. Every value is written as it will be sent: tag,
 * length, content. A full library costs 75 to 160 ms at start, this nothing.
 */
export type Der = Uint8Array;

const universal = { boolean: 0x01, integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, utf8: 0x0c } as const;

/** Tag, length and content. Tag numbers above 30 do not occur in certificates. */
export function tagged(tag: number, content: Uint8Array): Der {
  return Buffer.concat([Uint8Array.of(tag), lengthOf(content.length), content]);
}

/** Short form below 128, else the number of length octets and those (8.1.3). */
function lengthOf(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return Uint8Array.of(0x80 | octets.length, ...octets);
}

export function sequence(...items: readonly Der[]): Der {
  return tagged(0x30, Buffer.concat(items));
}

export function setOf(item: Der): Der {
  return tagged(0x31, item);
}

/** Context-specific: `constructed` wraps values, otherwise the content stands for itself. */
export function context(number: number, content: Uint8Array, constructed = true): Der {
  return tagged((constructed ? 0xa0 : 0x80) | number, content);
}

/** A non-negative integer from its big-endian bytes. */
export function integer(bytes: Uint8Array): Der {
  const first = bytes.findIndex((byte) => byte !== 0);
  const significant = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
  // A set high bit would make it negative.
  const sign = (significant[0] ?? 0) >= 0x80 ? [0] : [];
  return tagged(universal.integer, Uint8Array.of(...sign, ...significant));
}

export function boolean(value: boolean): Der {
  return tagged(universal.boolean, Uint8Array.of(value ? 0xff : 0));
}

/** A bit string; `unused` bits of the last byte do not count. */
export function bitString(bytes: Uint8Array, unused = 0): Der {
  return tagged(universal.bits, Uint8Array.of(unused, ...bytes));
}

export function octetString(bytes: Uint8Array): Der {
  return tagged(universal.octets, bytes);
}

export function utf8String(text: string): Der {
  return tagged(universal.utf8, Buffer.from(text));
}

/** An object identifier from its dotted form (8.19). */
export function oid(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(universal.oid, Uint8Array.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(arc: number): number[] {
  const octets = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
    octets.unshift((rest % 128) | 0x80);
  }
  return octets;
}

/** UTCTime before 2050 and GeneralizedTime from then on, as RFC 5280 section 4.1.2.5 wants it. */
export function time(milliseconds: number): Der {
  const date = new Date(milliseconds);
  const text = `${date.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
  const utc = date.getUTCFullYear() < 2050;
  return tagged(utc ? 0x17 : 0x18, Buffer.from(utc ? text.slice(2) : text, 'latin1'));
}
