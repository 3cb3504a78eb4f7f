/*
 * Several byte streams on one local connection, as frames: a channel (one byte), the length of what follows (four
 * bytes, big-endian), and that many bytes. The numbers of the channels are those of Kubernetes' channel protocols, so
 * that what a client sends can be handed on as it is.
 */

/** What a program's channels carry. `close` names a channel, in one byte, on which nothing more comes. */
export const channels = { stdin: 0, stdout: 1, stderr: 2, ended: 3, resize: 4, close: 255 } as const;

/** Nobody sends longer ones: whoever does speaks something else. */
const longestFrame = 1 << 20;

export function encodeFrame(channel: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(5 + payload.length);
  frame[0] = channel;
  frame.writeUInt32BE(payload.length, 1);
  frame.set(payload, 5);
  return frame;
}

/** Takes a stream in whatever pieces it comes and hands over whole frames. Throws for one that is too long. */
export function createFrameReader(
  onFrame: (channel: number, payload: Buffer) => void,
): (chunk: Buffer) => void {
  let kept: Buffer = Buffer.alloc(0);
  return (chunk) => {
    let rest = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
    while (rest.length >= 5) {
      const length = rest.readUInt32BE(1);
      if (length > longestFrame) throw new RangeError(`a frame of ${length} bytes`);
      if (rest.length < 5 + length) break;
      onFrame(rest[0] ?? 0, rest.subarray(5, 5 + length));
      rest = rest.subarray(5 + length);
    }
    kept = rest;
  };
}
