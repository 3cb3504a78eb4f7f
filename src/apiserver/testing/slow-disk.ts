import { fdatasync } from 'node:fs';
import { promisify } from 'node:util';
import type { SyncFile } from '../store/journal.ts';

/** A disk that takes its time: each sync ends when it is told to. */
export interface SlowDisk {
  readonly syncFile: SyncFile;
  /** How many are under way. */
  readonly waiting: number;
  /** Ends those under way, well or, with an error, badly; those of later take their time again. */
  finish(error?: Error): void;
}

export function slowDisk(): SlowDisk {
  let ends: ((error?: Error) => void)[] = [];
  return {
    async syncFile(fd) {
      await new Promise<void>((resolve, reject) => {
        ends.push((error) => (error === undefined ? resolve() : reject(error)));
      });
      await promisify(fdatasync)(fd);
    },
    get waiting() {
      return ends.length;
    },
    finish(error) {
      const all = ends;
      ends = [];
      for (const end of all) end(error);
    },
  };
}
