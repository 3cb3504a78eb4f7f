import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { channels, createFrameReader, encodeFrame } from '../../lib/stream-frames.ts';
import type { ExecStreams } from './exec-streams.ts';
import { exitStatus } from './exit-status.ts';
import { bytesOf, sendSlowly } from './messages.ts';

/** Channels of a WebSocket are the program's own: the first byte of a message says which. */
export function execOverWebSocket(socket: WebSocket, program: Duplex, streams: ExecStreams): void {
  socket.on('message', (data) => {
    const message = bytesOf(data);
    const channel = message[0] ?? channels.stdin;
    if (channel === channels.stdin && !streams.stdin) return;
    if (program.writableEnded || program.write(encodeFrame(channel, message.subarray(1)))) return;
    socket.pause();
    program.once('drain', () => socket.resume());
  });
  let ended = '';
  const read = createFrameReader((channel, payload) => {
    if (channel === channels.ended) ended = payload.toString();
    else if (isWanted(channel, streams)) sendSlowly(socket, program, [channel, payload]);
  });
  program.on('data', read);
  program.once('close', () => {
    socket.resume();
    const status = Buffer.from(JSON.stringify(exitStatus(ended)));
    socket.send(Buffer.concat([Buffer.from([channels.ended]), status]), () => socket.close(1000));
  });
  program.once('end', () => program.end());
  // Without an input, the program finds its end.
  if (!streams.stdin) program.write(encodeFrame(channels.close, Buffer.from([channels.stdin])));
}

function isWanted(channel: number, { stdout, stderr }: ExecStreams): boolean {
  return (channel === channels.stdout && stdout) || (channel === channels.stderr && stderr);
}
