import { closeSync, fstatSync, openSync, readSync, writeFileSync } from 'node:fs';
import type { SyncFile } from '../store/journal.ts';

/** A disk that keeps in mind what is on it for certain, so that the power can be cut. */
export interface LossyDisk {
  readonly syncFile: SyncFile;
  /**
   * Writes to other files what the disk may hold of the database and its log if the power goes now: of each sector
   * that was written since the last sync, the old or the new, and of each file its old size or its new one.
   */
  cutPower(target: string, random: () => number): void;
  close(): void;
}

const sectorBytes = 512;
const suffixes = ['', '-wal'];
/** Of the sectors, of which the disk has the new content. */
const shares = [0, 0.03, 0.5, 0.97, 1];

/** For a database that is open, and durable as it is; `onSync` is called when a sync begins and before it ends. */
export function lossyDisk(path: string, onSync: () => void): LossyDisk {
  // Not opened for each look: to close a file drops the locks that SQLite has on it.
  const files = suffixes.map((suffix) => {
    const fd = openSync(`${path}${suffix}`, 'r');
    return { suffix, fd, durable: contentOf(fd) };
  });
  return {
    async syncFile(synced) {
      const file = files.find(({ fd }) => fstatSync(fd).ino === fstatSync(synced).ino);
      if (file === undefined) throw new Error('a sync of a file that is none of the database');
      const content = contentOf(file.fd);
      onSync();
      await new Promise((resolve) => void setTimeout(resolve, 1));
      onSync();
      file.durable = content;
    },
    cutPower(target, random) {
      for (const { suffix, fd, durable } of files) {
        writeFileSync(`${target}${suffix}`, mixed(durable, contentOf(fd), random));
      }
    },
    close: () => files.forEach(({ fd }) => closeSync(fd)),
  };
}

function contentOf(fd: number): Buffer {
  const content = Buffer.alloc(fstatSync(fd).size);
  readSync(fd, content, 0, content.length, 0);
  return content;
}

function mixed(before: Buffer, after: Buffer, random: () => number): Buffer {
  const result = Buffer.alloc(random() < 0.5 ? before.length : after.length);
  const share = shares[Math.floor(random() * shares.length)] ?? 0;
  for (let at = 0; at < result.length; at += sectorBytes) {
    // What was cut off is there whole where the disk does not know yet that it was.
    const source = at >= after.length || (at < before.length && random() >= share) ? before : after;
    source.copy(result, at, Math.min(at, source.length), at + sectorBytes);
  }
  return result;
}
