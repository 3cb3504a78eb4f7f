import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { messageOf, WeftError } from '../../lib/errors.ts';
import type { ManifestIo } from './port.ts';

const chunkSize = 64 * 1024;

/** Manifests from the real file system, and from the stream of `stdin` where `-` is asked for, not before. */
export function createNodeManifestIo(dependencies: { readonly stdin: () => Readable }): ManifestIo {
  return {
    kindOf: (path) => {
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats === undefined) return 'absent';
      return stats.isDirectory() ? 'folder' : 'file';
    },
    namesIn: (folder) => reading(folder, () => readdirSync(folder)),
    read: (file, most) => reading(file, () => readBounded(file, most)),
    readStdin: (most) => readStream(dependencies.stdin(), most),
  };
}

/** Reads until the end, however large the file says it is: pipes and devices say nothing. */
function readBounded(file: string, most: number): Uint8Array {
  const descriptor = openSync(file, 'r');
  try {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const chunk = new Uint8Array(chunkSize);
      const count = readSync(descriptor, chunk);
      if (count === 0)
        return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, count));
      size += count;
      if (size > most) throw tooLarge(file, most);
    }
  } finally {
    closeSync(descriptor);
  }
}

async function readStream(stream: Readable, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes: Uint8Array = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    chunks.push(bytes);
    size += bytes.length;
    if (size > most) throw tooLarge('stdin', most);
  }
  return Buffer.concat(chunks);
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof WeftError) throw thrown;
    throw new WeftError('manifest-unreadable', `${path} cannot be read: ${messageOf(thrown)}`, {
      fault: 'input',
      cause: thrown,
    });
  }
}

function tooLarge(file: string, most: number): WeftError {
  return new WeftError('manifest-too-large', `${file} is larger than ${most / (1024 * 1024)} MiB`, {
    fault: 'input',
  });
}
