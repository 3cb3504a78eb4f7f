/*
 * Frames of SPDY/3.1 (draft-mbelshe-httpbis-spdy-00 section 2.2): a word, a byte of flags, three of length, and what
 * follows. The word of a data frame is its stream; that of a control frame is the version and the type.
 */

export const types = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;

/** Nothing more comes on the stream from who sent this. */
const finFlag = 1;

const controlBit = 0x8000_0000;
const version = 3;
const headLength = 8;

/** Clients send some tens of KiB at once. */
const longestFrame = 4 << 20;

export interface Frame {
  /** Undefined for data. */
  readonly type: number | undefined;
  /** Of data; in a control frame the payload says it. */
  readonly stream: number;
  readonly isLast: boolean;
  readonly payload: Buffer;
}

export function encodeData(stream: number, payload: Uint8Array, isLast = false): Buffer {
  return encode(stream, payload, isLast);
}

export function encodeControl(type: number, payload: Uint8Array): Buffer {
  return encode((controlBit + (version << 16) + type) >>> 0, payload, false);
}

function encode(word: number, payload: Uint8Array, isLast: boolean): Buffer {
  const frame = Buffer.allocUnsafe(headLength + payload.length);
  frame.writeUInt32BE(word, 0);
  frame[4] = isLast ? finFlag : 0;
  frame.writeUIntBE(payload.length, 5, 3);
  frame.set(payload, headLength);
  return frame;
}

/** Takes bytes as they come and returns the frames that are whole. Throws for what is no SPDY/3.1. */
export function createFrameReader(): (chunk: Buffer) => Frame[] {
  let kept: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const frames: Frame[] = [];
    let rest = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
    while (rest.length >= headLength) {
      const length = rest.readUIntBE(5, 3);
      if (length > longestFrame) throw new RangeError(`a frame of ${length} bytes`);
      if (rest.length < headLength + length) break;
      frames.push(frameOf(rest, rest.subarray(headLength, headLength + length)));
      rest = rest.subarray(headLength + length);
    }
    kept = rest;
    return frames;
  };
}

function frameOf(head: Buffer, payload: Buffer): Frame {
  const word = head.readUInt32BE(0);
  const isLast = ((head[4] ?? 0) & finFlag) !== 0;
  if (word < controlBit) return { type: undefined, stream: word, isLast, payload };
  if (((word >>> 16) & 0x7fff) !== version) throw new RangeError('another version of SPDY');
  return { type: word & 0xffff, stream: 0, isLast, payload };
}
