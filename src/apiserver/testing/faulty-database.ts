import { WeftError } from '../../lib/errors.ts';
import { openDatabase, type Database } from '../store/database.ts';

/** A real database whose writes fail when told so, as on a disk that is full. */
export interface FaultyDatabase extends Database {
  /** From now on every write fails. */
  fail(): void;
  heal(): void;
}

export function faultyDatabase(path: string): FaultyDatabase {
  const database = openDatabase({ path });
  let failing = false;
  return {
    ...database,
    write(events, trimTo) {
      if (failing) throw new WeftError('store-failed', 'the store could not write: the disk is full');
      database.write(events, trimTo);
    },
    fail: () => (failing = true),
    heal: () => (failing = false),
  };
}
