import type { Duplex, Readable } from 'node:stream';
import { channels, createFrameReader, encodeFrame } from '../../lib/stream-frames.ts';
import type { RunningProgram } from './port.ts';

/** Lets whoever is at the other end of `connection` talk with a program, which ends when they leave. */
export function converse(connection: Duplex, program: RunningProgram): void {
  const outputs = [forward(program.output, channels.stdout, connection)];
  if (program.errors !== undefined) outputs.push(forward(program.errors, channels.stderr, connection));
  const read = createFrameReader((channel, payload) => obey(program, channel, payload));
  connection.on('data', (chunk: Buffer) => {
    try {
      read(chunk);
    } catch {
      connection.destroy();
    }
    if (!program.input.writableNeedDrain) return;
    connection.pause();
    program.input.once('drain', () => connection.resume());
  });
  program.input.once('close', () => connection.resume());
  connection.once('close', () => program.end());
  connection.once('end', () => program.end());
  // It may have gone before anybody could look.
  if (connection.destroyed) program.end();
  void tellEnd(connection, program);
}

async function tellEnd(connection: Duplex, program: RunningProgram): Promise<void> {
  const code = await program.ended;
  connection.end(encodeFrame(channels.ended, Buffer.from(JSON.stringify({ code }))));
}

/** Reads no faster than the other end does. */
function forward(output: Readable, channel: number, connection: Duplex): void {
  output.on('data', (chunk: Buffer) => {
    if (connection.writableEnded || connection.destroyed) return;
    if (connection.write(encodeFrame(channel, chunk))) return;
    output.pause();
    connection.once('drain', () => output.resume());
  });
}

function obey(program: RunningProgram, channel: number, payload: Buffer): void {
  const { input } = program;
  if (channel === channels.stdin) {
    if (input.writable) input.write(payload);
  } else if (channel === channels.close) {
    if (payload[0] === channels.stdin && program.errors !== undefined) input.end();
  } else if (channel === channels.resize) {
    const size = sizeOf(payload.toString());
    if (size !== undefined) program.resize(size.columns, size.rows);
  }
}

const mostCharacters = 0xffff;

/** `{"Width":80,"Height":24}`, as clients send it; undefined for anything else. */
function sizeOf(text: string): { columns: number; rows: number } | undefined {
  try {
    const { Width: columns, Height: rows } = JSON.parse(text) as Record<string, unknown>;
    return isSize(columns) && isSize(rows) ? { columns, rows } : undefined;
  } catch {
    return undefined;
  }
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= mostCharacters;
}
