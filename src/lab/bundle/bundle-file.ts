import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { createGzip, type Gzip } from 'node:zlib';
import { messageOf, WeftError } from '../../lib/errors.ts';
import { tarEnd, tarEntry } from '../../lib/tar.ts';

/** Bounds of what a bundle holds, before it is compressed. */
export const mostFileBytes = 4 * 1024 * 1024;
export const mostBundleBytes = 96 * 1024 * 1024;

export interface BundleFile {
  /** Adds a text, cut at its bounds; false when the bundle is full and takes no more. */
  add(path: string, text: string): Promise<boolean>;
  /** Resolves to the size of the file in bytes. Throws `bundle-file` when it could not be written. */
  finish(): Promise<number>;
}

/**
 * A new `tar.gz` of mode 0600, all of it in a folder `root`. Throws `bundle-file` where there is a file of the name
 * already or none can be made.
 */
export function createBundleFile(path: string, root: string, modified: number): BundleFile {
  const fd = open(path);
  const gzip = createGzip();
  let failure: unknown;
  let written = 0;
  gzip.on('data', (chunk: Buffer) => {
    try {
      for (let at = 0; at < chunk.length;) at += writeSync(fd, chunk, at);
      written += chunk.length;
    } catch (error) {
      failure ??= error;
    }
  });
  const ended = new Promise<void>((resolve) => void gzip.once('end', resolve));
  let total = 0;
  return {
    async add(name, text) {
      const body = bounded(text);
      if (total + body.length > mostBundleBytes) return false;
      total += body.length;
      await push(gzip, tarEntry({ path: `${root}/${name}`, body, modified }));
      return true;
    },
    async finish() {
      gzip.end(tarEnd);
      await ended;
      closeSync(fd);
      if (failure === undefined) return written;
      rmSync(path, { force: true });
      throw bundleError(path, failure);
    },
  };
}

function open(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (cause) {
    throw bundleError(path, cause);
  }
}

function bundleError(path: string, cause: unknown): WeftError {
  return new WeftError('bundle-file', `${path} cannot be written: ${messageOf(cause)}`, {
    cause,
    fault: 'input',
    hint: 'give another file with -o FILE',
  });
}

function push(gzip: Gzip, bytes: Buffer): Promise<void> | undefined {
  if (gzip.write(bytes)) return undefined;
  return new Promise((resolve) => void gzip.once('drain', resolve));
}

function bounded(text: string): Buffer {
  const body = Buffer.from(text);
  if (body.length <= mostFileBytes) return body;
  const note = `\n[cut: ${body.length - mostFileBytes} of ${body.length} bytes left out]\n`;
  return Buffer.concat([body.subarray(0, mostFileBytes), Buffer.from(note)]);
}
