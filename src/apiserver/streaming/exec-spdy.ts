import type { Duplex } from 'node:stream';
import { channels, createFrameReader, encodeFrame } from '../../lib/stream-frames.ts';
import type { UpgradeResponse } from '../http/messages.ts';
import type { ExecStreams } from './exec-streams.ts';
import { exitStatus } from './exit-status.ts';
import { spdyUpgrade } from './spdy/upgrade.ts';

/** Streams of a client of the older kind, by the type in their headers. */
type Streams = Map<string, Duplex>;

/** Channels are streams of SPDY, which the client opens, each named by its type; it begins when all are there. */
export function execOverSpdy(protocol: string, program: Duplex, wanted: ExecStreams): UpgradeResponse {
  const streams: Streams = new Map();
  const needed = typesOf(wanted);
  return spdyUpgrade(protocol, ({ headers, stream }) => {
    streams.set(headers.get('streamtype') ?? '', stream);
    if (streams.size === needed.length && needed.every((type) => streams.has(type))) run(program, streams);
  });
}

function typesOf({ stdin, stdout, stderr, tty }: ExecStreams): string[] {
  return [
    'error',
    ...(stdin ? ['stdin'] : []),
    ...(stdout ? ['stdout'] : []),
    ...(stderr ? ['stderr'] : []),
    ...(tty ? ['resize'] : []),
  ];
}

function run(program: Duplex, streams: Streams): void {
  const endInput = (): void => {
    if (program.writable) program.write(encodeFrame(channels.close, Buffer.from([channels.stdin])));
  };
  const stdin = streams.get('stdin');
  if (stdin === undefined) endInput();
  else {
    stdin.on('data', (chunk: Buffer) => {
      if (!program.writable || program.write(encodeFrame(channels.stdin, chunk))) return;
      stdin.pause();
      program.once('drain', () => stdin.resume());
    });
    stdin.once('end', endInput);
  }
  // One size a line.
  streams.get('resize')?.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().split('\n')) {
      if (line !== '' && program.writable) program.write(encodeFrame(channels.resize, Buffer.from(line)));
    }
  });
  let ended = '';
  const outputs = new Map([
    [channels.stdout as number, streams.get('stdout')],
    [channels.stderr as number, streams.get('stderr')],
  ]);
  const read = createFrameReader((channel, payload) => {
    if (channel === channels.ended) ended = payload.toString();
    else forward(program, outputs.get(channel), payload);
  });
  program.on('data', read);
  program.once('end', () => program.end());
  program.once('close', () => {
    streams.get('error')?.write(JSON.stringify(exitStatus(ended)));
    for (const stream of streams.values()) {
      stream.resume();
      stream.end();
    }
  });
}

function forward(program: Duplex, output: Duplex | undefined, payload: Buffer): void {
  if (output === undefined || output.write(payload)) return;
  program.pause();
  output.once('drain', () => program.resume());
}
