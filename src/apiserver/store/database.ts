import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { messageOf, WeftError } from '../../lib/errors.ts';
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
  /** All of them durably, or none: then it throws `store-failed`. Forgets events up to and including `trimTo`. */
  write(events: readonly StoreEvent[], trimTo?: number): void;
  close(): void;
}

export interface DatabaseOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  /** `FULL` survives a power cut with every acknowledged write; `NORMAL` a crash of the process or kernel panic loses none but the last. */
  readonly synchronous: 'NORMAL' | 'FULL';
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

function open(options: DatabaseOptions): Database {
  // SQLite gives its journal files the mode of the database: created here so that nobody else can read it.
  if (options.path !== ':memory:') closeSync(openSync(options.path, 'a', 0o600));
  const db = new DatabaseSync(options.path);
  // One process owns the store. An exclusive lock says so, and saves the shared-memory file.
  db.exec(
    `PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${options.synchronous};`,
  );
  const { user_version: version } = db.prepare('PRAGMA user_version').get() ?? {};
  if (typeof version === 'number' && version > schemaVersion) throw new Error('a newer version made it');
  db.exec(`BEGIN IMMEDIATE; ${version === 1 ? fromVersion1 : ''} ${schema} COMMIT;`);
  return statementsOf(db);
}

function statementsOf(db: DatabaseSync): Database {
  const begin = db.prepare('BEGIN');
  const commit = db.prepare('COMMIT');
  const put = db.prepare('INSERT OR REPLACE INTO objects (resource, key, rv, json) VALUES (?, ?, ?, ?)');
  const remove = db.prepare('DELETE FROM objects WHERE resource = ? AND key = ?');
  const log = db.prepare(
    'INSERT INTO events (rv, resource, key, type, before_rv, before_json) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const trim = db.prepare('DELETE FROM events WHERE rv <= ?');
  const between = db.prepare('SELECT * FROM events WHERE resource = ? AND rv > ? AND rv <= ? ORDER BY rv');
  const write = (events: readonly StoreEvent[], trimTo?: number): void => {
    try {
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
      throw new WeftError('store-failed', `the store could not write: ${messageOf(thrown)}`, {
        cause: thrown,
      });
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
    write,
    close: () => db.close(),
  };
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
