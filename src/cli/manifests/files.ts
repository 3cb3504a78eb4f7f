import { WeftError } from '../../lib/errors.ts';
import type { ManifestIo } from './port.ts';

/** One file's text, named as its reader would name it. */
export interface ManifestFile {
  readonly name: string;
  readonly text: string;
}

const mostBytes = 16 * 1024 * 1024;
const mostFiles = 10_000;
const mostFolders = 32;

/**
 * The texts behind `-f`: files as given, folders with everything below them that ends in .yaml, .yml or .json
 * (sorted; names that start with a dot are left out), `-` for standard input. Throws `manifest-not-found`,
 * `manifest-unreadable`, `manifest-too-large`, `manifest-not-utf8`.
 */
export async function readManifestFiles(paths: readonly string[], io: ManifestIo): Promise<ManifestFile[]> {
  const files: ManifestFile[] = [];
  for (const path of paths) {
    if (path === '-') {
      files.push({ name: 'stdin', text: decode('stdin', await io.readStdin(mostBytes)) });
    } else {
      for (const name of filesUnder(path, io))
        files.push({ name, text: decode(name, io.read(name, mostBytes)) });
    }
  }
  return files;
}

function filesUnder(path: string, io: ManifestIo): string[] {
  const kind = io.kindOf(path);
  if (kind === 'absent') {
    throw new WeftError('manifest-not-found', `${path} does not exist`, { fault: 'input' });
  }
  if (kind === 'file') return [path];
  const files: string[] = [];
  collect(path, { io, files, depth: 0 });
  if (files.length > 0) return files;
  throw new WeftError('manifest-not-found', `${path} holds no .yaml, .yml or .json file`, { fault: 'input' });
}

function collect(folder: string, search: { io: ManifestIo; files: string[]; depth: number }): void {
  const { io, files, depth } = search;
  if (depth > mostFolders || files.length > mostFiles) {
    throw new WeftError('manifest-too-large', `${folder}: too many files or folders`, {
      fault: 'input',
      hint: 'name the folders with the manifests',
    });
  }
  for (const name of io.namesIn(folder).sort()) {
    if (name.startsWith('.')) continue;
    const path = folder.endsWith('/') ? `${folder}${name}` : `${folder}/${name}`;
    const isManifest = /\.(ya?ml|json)$/.test(name);
    const kind = io.kindOf(path);
    if (kind === 'folder') collect(path, { io, files, depth: depth + 1 });
    else if (kind === 'file' && isManifest) files.push(path);
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function decode(name: string, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new WeftError('manifest-not-utf8', `${name}:${badLine(bytes)}: is not UTF-8 text`, {
      fault: 'input',
      cause,
    });
  }
}

/** The first line that cannot be decoded. A line feed never is a part of another character. */
function badLine(bytes: Uint8Array): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const feed = bytes.indexOf(10, start);
    const end = feed < 0 ? bytes.length : feed;
    try {
      decoder.decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end + 1;
  }
  return line;
}
