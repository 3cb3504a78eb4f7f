import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createLogFile } from './log-file.ts';

/** Makes what was written to an open file durable. Fails where the disk did: then nobody knows what it holds. */
export type SyncFile = (fd: number) => Promise<void>;

/**
 * SQLite's write-ahead log, brought to the disk without anybody waiting in a system call. SQLite itself never waits
 * here (`synchronous = OFF`), so that what it takes for granted has to be kept here, on the files of ADR 0018:
 *
 * - a commit counts when the log was synced after it;
 * - pages are copied from the log into the database only when the log is synced, and the log is emptied only when the
 *   database is: whenever the power goes, the log holds all that the database may have in part;
 * - frames are only ever written behind a log whose emptying is on the disk: frames of an earlier log would be taken for
 *   its own otherwise, where the disk brings the pages of a new one out of order.
 */
export interface Journal {
  /** Before each commit. In the middle of a checkpoint it waits for the disk, for SQLite would begin the log anew. */
  beforeCommit(): void;
  /** Resolves when what was committed before the call is durable. */
  sync(): Promise<void>;
  /**
   * Moves the log into the database when it is long; undefined when it is not. Commits had better wait for it. While
   * nobody writes it is long much sooner, and if it is not, the file is made ready for what will be written.
   */
  checkpoint(isQuiet: boolean): Promise<void> | undefined;
  /** Makes everything durable and closes the database; throws where that failed. */
  close(): void;
}

export interface JournalOptions {
  /** Of the database. */
  readonly path: string;
  readonly syncFile?: SyncFile;
  readonly longLogBytes?: number;
}

/** Of what is long while somebody writes, what is long while nobody does. */
const quietShare = 1 / 8;

/**
 * For a database in WAL mode that nobody else has open, and whose last commit was synced by SQLite. The files stay open
 * until the database is closed: to close one earlier would drop the locks that SQLite holds on it (fcntl(2)).
 */
export function openJournal(
  db: DatabaseSync,
  { path, syncFile = promisify(fdatasync), longLogBytes = 8 * 1024 * 1024 }: JournalOptions,
): Journal {
  const [file, fd] = [openSync(path, 'r+'), openSync(`${path}-wal`, 'r+')];
  // Also the emptying of a log that was left by the process before.
  fdatasyncSync(fd);
  db.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF');
  const log = createLogFile(fd);
  /** What could not be moved: the next try is when there is as much more. */
  let stuckBytes = 0;
  let isMoving = false;
  let pending: Promise<void> | undefined;

  const syncing = async (one: number): Promise<void> => {
    pending = syncFile(one);
    try {
      await pending;
    } finally {
      pending = undefined;
    }
  };
  const move = async (): Promise<void> => {
    const length = log.length();
    // Those who waited for the sync have their answers first.
    await setImmediate();
    // What the disk has no place for stays in the log, and is tried again when that has grown.
    stuckBytes = copyAll(db) ? 0 : length;
    if (stuckBytes > 0) return;
    isMoving = true;
    await syncing(file);
    if (!isMoving) return;
    log.empty();
    await syncing(fd);
    isMoving = false;
  };
  return {
    beforeCommit() {
      if (!isMoving) return;
      fdatasyncSync(file);
      log.empty();
      fdatasyncSync(fd);
      isMoving = false;
    },
    async sync() {
      // SQLite begins a log anew whose every page was copied. If it went on behind the end instead, nobody would read that.
      if (!log.isBegun()) throw new Error('the write-ahead log was not begun anew');
      await syncing(fd);
    },
    checkpoint(isQuiet) {
      const longBytes = isQuiet ? longLogBytes * quietShare : longLogBytes;
      if (log.length() >= stuckBytes + longBytes) return move();
      return isQuiet && log.reserve(longLogBytes) ? syncing(fd) : undefined;
    },
    close() {
      for (const one of [fd, file]) fdatasyncSync(one);
      db.exec('PRAGMA synchronous = FULL');
      db.close();
      const end = (): void => [file, fd].forEach((one) => closeSync(one));
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
