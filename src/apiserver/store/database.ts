import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { messageOf, WeftError } from '../../lib/errors.ts';
import type { EventType } from './port.ts';

/** What one write leaves on disk. `text` of a deletion is the object's last state. */
export interface Row {
  readonly resource: string;
  readonly key: string;
  readonly rv: number;
  readonly type: EventType;
  readonly text: string;
}

/** The durable half of the store: one table of objects, one of recent events. */
export interface Database {
  /** Every current object, in the order of resource and key. */
  objects(): Iterable<Row>;
  /** The kept events of a resource after `rv`, oldest first. */
  events(resource: string, rv: number): Row[];
  /** First and last kept event; undefined when there is none. */
  span(): { first: number; last: number } | undefined;
  /** All of them durably, or none: then it throws `store-failed`. Forgets events up to and including `trimTo`. */
  write(rows: readonly Row[], trimTo?: number): void;
  close(): void;
}

export interface DatabaseOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  /** `FULL` survives a power cut with every acknowledged write; `NORMAL` a crash of the process or kernel panic loses none but the last. */
  readonly synchronous: 'NORMAL' | 'FULL';
}

const schema = `
  CREATE TABLE IF NOT EXISTS objects (
    resource TEXT NOT NULL, key TEXT NOT NULL, rv INTEGER NOT NULL, json TEXT NOT NULL,
    PRIMARY KEY (resource, key)
  );
  CREATE TABLE IF NOT EXISTS events (
    rv INTEGER PRIMARY KEY, resource TEXT NOT NULL, key TEXT NOT NULL, type TEXT NOT NULL, json TEXT NOT NULL
  );
  PRAGMA user_version = 1;
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
  db.exec(`BEGIN IMMEDIATE; ${schema} COMMIT;`);
  return statementsOf(db);
}

function statementsOf(db: DatabaseSync): Database {
  const begin = db.prepare('BEGIN');
  const commit = db.prepare('COMMIT');
  const put = db.prepare('INSERT OR REPLACE INTO objects (resource, key, rv, json) VALUES (?, ?, ?, ?)');
  const remove = db.prepare('DELETE FROM objects WHERE resource = ? AND key = ?');
  const log = db.prepare('INSERT INTO events (rv, resource, key, type, json) VALUES (?, ?, ?, ?, ?)');
  const trim = db.prepare('DELETE FROM events WHERE rv <= ?');
  const since = db.prepare('SELECT * FROM events WHERE resource = ? AND rv > ? ORDER BY rv');
  const write = (rows: readonly Row[], trimTo?: number): void => {
    try {
      begin.run();
      for (const row of rows) {
        if (row.type === 'DELETED') remove.run(row.resource, row.key);
        else put.run(row.resource, row.key, row.rv, row.text);
        log.run(row.rv, row.resource, row.key, row.type, row.text);
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
        yield {
          resource: String(resource),
          key: String(key),
          rv: Number(rv),
          type: 'MODIFIED',
          text: String(json),
        };
      }
    },
    events: (resource, rv) => since.all(resource, rv).map(rowOf),
    span() {
      const row = db.prepare('SELECT min(rv) AS first, max(rv) AS last FROM events').get();
      const [first, last] = [row?.['first'], row?.['last']];
      return typeof first === 'number' && typeof last === 'number' ? { first, last } : undefined;
    },
    write,
    close: () => db.close(),
  };
}

function rowOf(row: Record<string, unknown>): Row {
  const type = row['type'];
  return {
    resource: String(row['resource']),
    key: String(row['key']),
    rv: Number(row['rv']),
    type: type === 'ADDED' || type === 'DELETED' ? type : 'MODIFIED',
    text: String(row['json']),
  };
}
