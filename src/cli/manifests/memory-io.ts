import { WeftError } from '../../lib/errors.ts';
import type { ManifestIo } from './port.ts';

/** A file system of texts (or bytes) by path, for tests; `-` is standard input. */
export function createMemoryManifestIo(files: Readonly<Record<string, string | Uint8Array>>): ManifestIo {
  const names = Object.keys(files);
  const bytesOf = (path: string, most: number): Uint8Array => {
    const content = files[path];
    if (content === undefined) {
      throw new WeftError('manifest-unreadable', `${path} cannot be read`, { fault: 'input' });
    }
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    if (bytes.length > most)
      throw new WeftError('manifest-too-large', `${path} is too large`, { fault: 'input' });
    return bytes;
  };
  return {
    kindOf: (path) => {
      if (Object.hasOwn(files, path)) return 'file';
      return names.some((name) => name.startsWith(`${path}/`)) ? 'folder' : 'absent';
    },
    namesIn: (folder) => {
      const below = names
        .filter((name) => name.startsWith(`${folder}/`))
        .map((name) => name.slice(folder.length + 1));
      return [...new Set(below.map((name) => name.split('/')[0] ?? name))];
    },
    read: bytesOf,
    readStdin: (most) => Promise.resolve().then(() => bytesOf('-', most)),
  };
}
