import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Clock } from '../../lib/clock.ts';
import { keepAlive } from '../../lib/keep-alive.ts';
import { previousLog } from '../../lib/log-file.ts';
import { sleep } from '../../lib/sleep.ts';
import type { LabPaths } from '../paths.ts';
import type { RoleName } from '../process-file.ts';
import { parseLogLine, type LogLine } from './log-line.ts';

/** Logs are bounded where they are written; what the runtime spits out by itself is not. Bytes of one file. */
const mostBytes = 4 * 1024 * 1024;
const lookMs = 200;

/** Reads on where it stopped: first everything that there is, then what was added since. Oldest first. */
export type LogReader = () => LogLine[];

/** The logs of these roles of a lab; a role without one has no lines. */
export function openLogs(paths: LabPaths, roles: readonly RoleName[]): LogReader {
  const readers = roles.map((role) => readerOf(role, paths.log(role)));
  return () => readers.flatMap((read) => read()).toSorted((a, b) => a.time - b.time);
}

export interface FollowOptions {
  readonly paths: LabPaths;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Hands on what is written from now on, until the lab is gone or the signal aborts. */
export async function followLogs(
  read: LogReader,
  { paths, clock, signal }: FollowOptions,
  onLines: (lines: readonly LogLine[]) => void,
): Promise<void> {
  const release = keepAlive();
  while (existsSync(paths.directory) && !signal.aborted) {
    await sleep(clock, lookMs, signal);
    onLines(read());
  }
  release();
}

function readerOf(role: RoleName, path: string): LogReader {
  let end = 0;
  let time = 0;
  let isFirst = true;
  /** A line without a time has that of the line before. */
  const parse = (text: string): LogLine[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const parsed = parseLogLine(role, line, time);
        time = parsed.time;
        return parsed;
      });
  return () => {
    const current = readFrom(path, end);
    const isTurned = current.size < end;
    // What was written before the file was begun anew is in its copy, at the same place.
    const older = isFirst || isTurned ? readFrom(previousLog(path), isFirst ? 0 : end).text : '';
    const { text } = isTurned ? readFrom(path, 0) : current;
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    end = (isTurned ? 0 : Math.max(end, current.size - mostBytes)) + Buffer.byteLength(whole);
    isFirst = false;
    return parse(older + whole);
  };
}

/** What a file holds from an offset on, the end of it where that is much; nothing where there is none. */
function readFrom(path: string, offset: number): { readonly text: string; readonly size: number } {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return { text: '', size: 0 };
  }
  try {
    const { size } = fstatSync(fd);
    const start = Math.max(offset, size - mostBytes);
    const buffer = Buffer.alloc(Math.max(0, size - start));
    const length = buffer.length === 0 ? 0 : readSync(fd, buffer, 0, buffer.length, start);
    return { text: buffer.toString('utf8', 0, length), size };
  } finally {
    closeSync(fd);
  }
}
