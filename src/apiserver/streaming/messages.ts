import type { Duplex, Readable } from 'node:stream';
import type { RawData, WebSocket } from 'ws';

/** What may wait to be sent before its source is read no further. */
const mostWaiting = 1 << 20;

/** A message's bytes, however they came. */
export function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
}

/** Sends a piece on a channel of a WebSocket, and lets its source wait while the client is slow. */
export function sendSlowly(
  socket: WebSocket,
  source: Readable | Duplex,
  [channel, piece]: readonly [number, Uint8Array],
): void {
  if (socket.readyState !== socket.OPEN) return;
  const isFull = socket.bufferedAmount > mostWaiting;
  if (isFull) source.pause();
  socket.send(Buffer.concat([Buffer.from([channel]), piece]), () => {
    if (isFull) source.resume();
  });
}
