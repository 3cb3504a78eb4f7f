/** Messages of a TCP stream: each after its length in two bytes (RFC 1035 section 4.2.2). */
export interface MessageBuffer {
  push(chunk: Uint8Array): void;
  /** The next whole message, good until the next push; undefined until it is all there. */
  next(): Uint8Array | undefined;
}

const firstCapacity = 512;

/** Memory is what is not read yet, at most doubled: one message and the last chunk. */
export function createMessageBuffer(): MessageBuffer {
  let bytes = new Uint8Array(firstCapacity);
  let start = 0;
  let end = 0;

  function makeRoom(size: number): void {
    if (end + size <= bytes.length) return;
    const kept = bytes.subarray(start, end);
    const capacity = Math.max(firstCapacity, 2 * (kept.length + size));
    const next = kept.length + size <= bytes.length / 2 ? bytes : new Uint8Array(capacity);
    next.set(kept);
    [bytes, start, end] = [next, 0, kept.length];
  }

  return {
    push(chunk) {
      makeRoom(chunk.length);
      bytes.set(chunk, end);
      end += chunk.length;
    },
    next() {
      if (end - start < 2) return undefined;
      const from = start + 2;
      const to = from + (bytes[start] ?? 0) * 256 + (bytes[start + 1] ?? 0);
      if (to > end) return undefined;
      start = to;
      return bytes.subarray(from, to);
    },
  };
}

/** The message with its length before it. */
export function framed(message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(message.length + 2);
  bytes[0] = message.length >>> 8;
  bytes[1] = message.length;
  bytes.set(message, 2);
  return bytes;
}
