import { closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { messageOf, WeftError } from '../../lib/errors.ts';
import { openJournal, type Journal, type SyncFile } from './journal.ts';
import { leapOverLost, type LostVersions } from './lost-versions.ts';
import type { EventType, ObjectRow, StoreEvent } from './port.ts';

/** What one change found, undefined for an addition; what it left is in the next change of the object, or current. */
export interface EventRow {
  readonly resource: string;
  readonly key: string;
  readonly rv: number;
  readonly type: EventType;
  readonly before: { readonly rv: number; readonly text: string } | undefined;
}

/** The durable half of the store: one table of objects, one of recent events. */
export interface Database {
  /** Every current object, in the order of resource and key. */
  objects(): Iterable<ObjectRow>;
  /** The kept events of a resource after one version and up to another, oldest first. */
  events(resource: string, range: { after: number; upTo: number }): EventRow[];
  /** First and last kept event; undefined when there is none. */
  span(): { first: number; last: number } | undefined;
  /** What crashes before may have taken back, oldest first. */
  lost(): LostVersions[];
  /**
   * All of them, or none: then it throws `store-failed`. Forgets events up to and including `trimTo`. A process that is
   * killed leaves them; a machine that stops may not before `sync`.
   */
  write(events: readonly StoreEvent[], trimTo?: number): void;
  /**
   * Resolves when what was written is durable; undefined when it is. Rejects with `store-failed` when nobody can tell
   * any more what the disk holds: then only opening the file anew says it.
   */
  sync(): Promise<void> | undefined;
  /**
   * Keeps the files short, before the next write, and ready for it when nobody writes; undefined when they are. Rejects as
   * `sync` does.
   */
  tidy(isQuiet: boolean): Promise<void> | undefined;
  /** Makes everything durable; throws where that failed. */
  close(): void;
}

export interface DatabaseOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  /** How a file becomes durable; by fdatasync(2) unless said otherwise. */
  readonly syncFile?: SyncFile;
  /** From this size on the log is moved into the database whoever waits; 8 MiB unless said otherwise. */
  readonly longLogBytes?: number;
}

/** Of the tables below; a file of another one is brought to it, or refused. */
const schemaVersion = 2;

const schema = `
  CREATE TABLE IF NOT EXISTS objects (
    resource TEXT NOT NULL, key TEXT NOT NULL, rv INTEGER NOT NULL, json TEXT NOT NULL,
    PRIMARY KEY (resource, key)
  );
  CREATE TABLE IF NOT EXISTS events (
    rv INTEGER PRIMARY KEY, resource TEXT NOT NULL, key TEXT NOT NULL, type TEXT NOT NULL,
    before_rv INTEGER, before_json TEXT
  );
  CREATE INDEX IF NOT EXISTS events_of_nothing ON events (rv) WHERE resource = '';
  PRAGMA user_version = ${schemaVersion};
`;

/**
 * Version 1 kept what events left and not what they found. Its history goes, its last version stays: an event of
 * nothing follows it, so that watches from there go on, and those from before list again.
 */
const fromVersion1 = `
  CREATE TABLE events_2 (
    rv INTEGER PRIMARY KEY, resource TEXT NOT NULL, key TEXT NOT NULL, type TEXT NOT NULL,
    before_rv INTEGER, before_json TEXT
  );
  INSERT INTO events_2 (rv, resource, key, type) SELECT max(rv) + 1, '', '', 'DELETED' FROM events HAVING count(*) > 0;
  DROP TABLE events;
  ALTER TABLE events_2 RENAME TO events;
`;

/**
 * An event of nothing leads over versions that watchers may have heard of and that are not in the log any more. Where a
 * process was killed and the machine went on there are none, but nobody can tell that from a disk that refused to sync.
 */
const leap = `
  INSERT INTO events (rv, resource, key, type, before_rv)
    SELECT coalesce(max(rv), 1) + ${leapOverLost}, '', '', 'DELETED', coalesce(max(rv), 1) FROM events;
`;

/** Opens or creates the database; throws `store-unusable` when the file is locked, damaged or not ours. */
export function openDatabase(options: DatabaseOptions): Database {
  try {
    return open(options);
  } catch (thrown) {
    throw new WeftError('store-unusable', `cannot open the store ${options.path}: ${messageOf(thrown)}`, {
      hint: 'Another API server may be using it; stop that one, or choose another file.',
      fault: 'environment',
      cause: thrown,
    });
  }
}

function open({ path, ...options }: DatabaseOptions): Database {
  const isFile = path !== ':memory:';
  // SQLite gives its journal files the mode of the database: created here so that nobody else can read it.
  if (isFile) closeSync(openSync(path, 'a', 0o600));
  // Whoever closes the database takes its log away, and SQLite syncs the directory when it makes one.
  const wasClosed = !isFile || !existsSync(`${path}-wal`);
  const db = new DatabaseSync(path);
  // One process owns the store. An exclusive lock says so, and saves the shared-memory file.
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  const { user_version: version } = db.prepare('PRAGMA user_version').get() ?? {};
  if (typeof version === 'number' && version > schemaVersion) throw new Error('a newer version made it');
  // What a process that was killed had committed may not be on the disk, and whoever reads here takes it for durable.
  if (!wasClosed) db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.exec(`BEGIN IMMEDIATE; ${version === 1 ? fromVersion1 : ''} ${schema} ${wasClosed ? '' : leap} COMMIT;`);
  return statementsOf(db, isFile ? openJournal(db, { path, ...options }) : undefined);
}

function statementsOf(db: DatabaseSync, journal: Journal | undefined): Database {
  const begin = db.prepare('BEGIN');
  const commit = db.prepare('COMMIT');
  // In its place: to replace the row would write its old page, a new one and the index, and each goes into the log.
  const put = db.prepare(
    `INSERT INTO objects (resource, key, rv, json) VALUES (?, ?, ?, ?)
     ON CONFLICT (resource, key) DO UPDATE SET rv = excluded.rv, json = excluded.json`,
  );
  const remove = db.prepare('DELETE FROM objects WHERE resource = ? AND key = ?');
  const log = db.prepare(
    'INSERT INTO events (rv, resource, key, type, before_rv, before_json) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const trim = db.prepare('DELETE FROM events WHERE rv <= ?');
  const between = db.prepare('SELECT * FROM events WHERE resource = ? AND rv > ? AND rv <= ? ORDER BY rv');
  const write = (events: readonly StoreEvent[], trimTo?: number): void => {
    try {
      journal?.beforeCommit();
      begin.run();
      for (const { type, resource, rv, entry, previous } of events) {
        if (type === 'DELETED') remove.run(resource, entry.key);
        else put.run(resource, entry.key, rv, entry.text);
        log.run(rv, resource, entry.key, type, previous?.rv ?? null, previous?.text ?? null);
      }
      if (trimTo !== undefined) trim.run(trimTo);
      commit.run();
    } catch (thrown) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw failed('could not write', thrown);
    }
  };
  return {
    *objects() {
      const all = db.prepare('SELECT resource, key, rv, json FROM objects ORDER BY resource, key');
      all.setReturnArrays(true);
      // With arrays for rows, which are cheaper by the tens of thousands, the types still say objects.
      for (const row of all.iterate() as Iterable<unknown> as Iterable<readonly unknown[]>) {
        const [resource, key, rv, json] = row;
        yield { resource: String(resource), key: String(key), rv: Number(rv), text: String(json) };
      }
    },
    events: (resource, { after, upTo }) => between.all(resource, after, upTo).map(eventRow),
    span() {
      const row = db.prepare('SELECT min(rv) AS first, max(rv) AS last FROM events').get();
      const [first, last] = [row?.['first'], row?.['last']];
      return typeof first === 'number' && typeof last === 'number' ? { first, last } : undefined;
    },
    lost() {
      const rows = db.prepare("SELECT rv, before_rv FROM events WHERE resource = '' ORDER BY rv").all();
      return rows.flatMap(({ rv: before, before_rv: after }) =>
        typeof before === 'number' && typeof after === 'number' ? { after, before } : [],
      );
    },
    write,
    sync: () => journal?.sync().catch(lost),
    tidy: (isQuiet) => journal?.checkpoint(isQuiet)?.catch(lost),
    close: () => (journal ?? db).close(),
  };
}

function lost(thrown: unknown): never {
  throw failed('does not know what the disk has taken', thrown);
}

function failed(what: string, cause: unknown): WeftError {
  return new WeftError('store-failed', `the store ${what}: ${messageOf(cause)}`, { cause });
}

function eventRow(row: Record<string, unknown>): EventRow {
  const { type, before_rv: rv, before_json: text } = row;
  return {
    resource: String(row['resource']),
    key: String(row['key']),
    rv: Number(row['rv']),
    type: type === 'ADDED' || type === 'DELETED' ? type : 'MODIFIED',
    before: typeof rv === 'number' && typeof text === 'string' ? { rv, text } : undefined,
  };
}
