import { WeftError } from './errors.ts';

/**
 * Cuts a byte stream into lines (LF or CRLF, without it) and hands each to `onLine`; empty lines are left out.
 * Bytes after the last line end wait for the next chunk. Throws `line-too-long` when more than `limit` wait.
 */
export function createLineSplitter(
  limit: number,
  onLine: (line: string) => void,
): (chunk: Uint8Array) => void {
  let waiting: Buffer = Buffer.alloc(0);
  return (chunk) => {
    let rest = waiting.length === 0 ? Buffer.from(chunk) : Buffer.concat([waiting, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      if (end > limit) throw tooLong(limit);
      const line = rest.toString('utf8', 0, rest[end - 1] === 13 ? end - 1 : end);
      rest = rest.subarray(end + 1);
      waiting = rest;
      if (line !== '') onLine(line);
    }
    if (rest.length > limit) throw tooLong(limit);
    waiting = rest;
  };
}

const tooLong = (limit: number): WeftError =>
  new WeftError('line-too-long', `a line is longer than ${limit} bytes`);
