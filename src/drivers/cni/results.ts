import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CniResults } from './port.ts';

const end = '.json';

/** A file for each pod, below a folder of its node. */
export function createCniResults({ directory }: { readonly directory: string }): CniResults {
  const folderOf = (node: string): string => join(directory, node, 'results');
  const fileOf = (node: string, uid: string): string => join(folderOf(node), `${uid}${end}`);
  return {
    read(node, uid) {
      try {
        return JSON.parse(readFileSync(fileOf(node, uid), 'utf8'));
      } catch {
        return undefined;
      }
    },
    write(node, uid, saved) {
      mkdirSync(folderOf(node), { recursive: true, mode: 0o700 });
      const path = fileOf(node, uid);
      // Never half of it.
      writeFileSync(`${path}.new`, JSON.stringify(saved), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
    list(node) {
      try {
        return readdirSync(folderOf(node)).flatMap((name) =>
          name.endsWith(end) ? [name.slice(0, -end.length)] : [],
        );
      } catch {
        return [];
      }
    },
    remove: (node, uid) => rmSync(fileOf(node, uid), { force: true }),
  };
}
