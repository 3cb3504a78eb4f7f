/** Longest name in its wire form, with all length bytes and the final zero (RFC 1035 section 2.3.4). */
const longestName = 255;
const longestLabel = 63;
const dot = 0x2e;
const backslash = 0x5c;
const plain = /^[!-~]*$/;

/** A name read from a message, and the offset of what follows it. */
export interface NameRead {
  readonly name: string;
  readonly next: number;
}

/**
 * Reads a name, following compression pointers (RFC 1035 section 4.1.4). A pointer must lead to before the part
 * that it ends, so every jump goes strictly back and none can loop. Undefined for anything malformed.
 */
export function readName(bytes: Uint8Array, start: number): NameRead | undefined {
  const labels: string[] = [];
  let length = 1;
  let next: number | undefined;
  let partStart = start;
  for (let at = start; ;) {
    const size = bytes[at];
    if (size === undefined) return undefined;
    if (size === 0) return { name: labels.join('.'), next: next ?? at + 1 };
    if (size > longestLabel) {
      const target = pointerAt(bytes, at);
      if (target === undefined || target >= partStart) return undefined;
      next ??= at + 2;
      partStart = target;
      at = target;
      continue;
    }
    length += size + 1;
    if (length > longestName || at + 1 + size > bytes.length) return undefined;
    labels.push(presentLabel(bytes, at + 1, at + 1 + size));
    at += size + 1;
  }
}

function pointerAt(bytes: Uint8Array, at: number): number | undefined {
  const [high, low] = [bytes[at], bytes[at + 1]];
  if (high === undefined || low === undefined || high < 0xc0) return undefined;
  return ((high & 0x3f) << 8) | low;
}

function presentLabel(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === dot || byte === backslash) text += `\\${String.fromCharCode(byte)}`;
    else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\${String(byte).padStart(3, '0')}`;
  }
  return text;
}

/**
 * The labels of a name in presentation form, still escaped; none for the root. Undefined when a label is empty
 * or longer than 63 bytes, the whole longer than 255, an escape is broken or a character that needs one has none.
 */
export function labelsOf(name: string): readonly string[] | undefined {
  if (name === '') return [];
  const escaped = name.includes('\\');
  // Nearly every name is plain, and then its letters are its bytes.
  if (!escaped && !plain.test(name)) return undefined;
  const labels = escaped ? splitEscaped(name) : name.split('.');
  let length = 1;
  for (const label of labels) {
    const size = escaped ? labelBytes(label)?.length : label.length;
    if (size === undefined || size === 0 || size > longestLabel) return undefined;
    length += size + 1;
  }
  return length > longestName ? undefined : labels;
}

function splitEscaped(name: string): string[] {
  const labels: string[] = [];
  let from = 0;
  for (let i = 0; i < name.length; i++) {
    if (name.charCodeAt(i) === backslash) i++;
    else if (name.charCodeAt(i) === dot) {
      labels.push(name.slice(from, i));
      from = i + 1;
    }
  }
  labels.push(name.slice(from));
  return labels;
}

/** The bytes of one label in presentation form; undefined when an escape is broken or a character is not ASCII. */
export function labelBytes(label: string): number[] | undefined {
  const bytes: number[] = [];
  for (let i = 0; i < label.length; i++) {
    let byte = label.charCodeAt(i);
    if (byte > 0x7f) return undefined;
    if (byte === backslash) {
      const digits = /^\d{3}/.exec(label.slice(i + 1, i + 4))?.[0];
      byte = digits === undefined ? label.charCodeAt(i + 1) : Number(digits);
      if (!(byte <= 0xff)) return undefined;
      i += digits === undefined ? 1 : 3;
    }
    bytes.push(byte);
  }
  return bytes;
}
