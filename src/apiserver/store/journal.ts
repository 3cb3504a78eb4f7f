import { closeSync, fdatasync, fdatasyncSync, fstatSync, openSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Makes what was written to an open file durable. Fails where the disk did: then nobody knows what it holds. */
export type SyncFile = (fd: number) => Promise<void>;

/**
 * SQLite's write-ahead log, brought to the disk without anybody waiting in a system call. SQLite itself never waits
 * here (`synchronous = OFF`), so that what it takes for granted has to be kept here, on the files of ADR 0018:
 *
 * - a commit counts when the log was synced after it;
 * - pages are copied from the log into the database only when the log is synced, and the log is emptied only when the
 *   database is: whenever the power goes, the log holds all that the database may have in part;
 * - frames are only ever appended to a log whose emptying is on the disk: frames of an earlier log would be taken for
 *   its own otherwise, where the disk brings the pages of a new one out of order.
 */
export interface Journal {
  /** Before each commit. In the middle of a checkpoint it waits for the disk, for SQLite would begin the log anew. */
  beforeCommit(): void;
  /** Resolves when what was committed before the call is durable. */
  sync(): Promise<void>;
  /** Moves the log into the database when it is long; undefined when it is not. Commits had better wait for it. */
  checkpoint(): Promise<void> | undefined;
  /** Makes everything durable and closes the database; throws where that failed. */
  close(): void;
}

export interface JournalOptions {
  /** Of the database. */
  readonly path: string;
  readonly syncFile?: SyncFile;
  readonly longLogBytes?: number;
}

/**
 * For a database in WAL mode that nobody else has open, and whose last commit was synced by SQLite. The files stay open
 * until the database is closed: to close one earlier would drop the locks that SQLite holds on it (fcntl(2)).
 */
export function openJournal(
  db: DatabaseSync,
  { path, syncFile = promisify(fdatasync), longLogBytes = 4 * 1024 * 1024 }: JournalOptions,
): Journal {
  const [file, log] = [openSync(path, 'r+'), openSync(`${path}-wal`, 'r+')];
  // Also the emptying of a log that was left by the process before.
  fdatasyncSync(log);
  db.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF');
  let dueAt = longLogBytes;
  let isMoving = false;
  let pending: Promise<void> | undefined;

  const syncing = async (fd: number): Promise<void> => {
    pending = syncFile(fd);
    try {
      await pending;
    } finally {
      pending = undefined;
    }
  };
  const move = async (): Promise<void> => {
    dueAt = fstatSync(log).size + longLogBytes;
    // Those who waited for the sync have their answers first.
    await setImmediate();
    // What the disk has no place for stays in the log, and is tried again when that has grown.
    if (!copyAll(db)) return;
    isMoving = true;
    await syncing(file);
    if (!isMoving) return;
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    await syncing(log);
    isMoving = false;
    dueAt = longLogBytes;
  };
  return {
    beforeCommit() {
      if (!isMoving) return;
      for (const fd of [file, log]) fdatasyncSync(fd);
      isMoving = false;
    },
    sync: () => syncing(log),
    checkpoint: () => (fstatSync(log).size < dueAt ? undefined : move()),
    close() {
      for (const fd of [log, file]) fdatasyncSync(fd);
      db.exec('PRAGMA synchronous = FULL');
      db.close();
      const end = (): void => [file, log].forEach((fd) => closeSync(fd));
      if (pending === undefined) end();
      else pending.then(end, end);
    },
  };
}

/** Copies every page of the log into the database; false where that failed. */
function copyAll(db: DatabaseSync): boolean {
  try {
    const { busy, log, checkpointed } = db.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() ?? {};
    return busy === 0 && log === checkpointed;
  } catch {
    return false;
  }
}
