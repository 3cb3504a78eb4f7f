import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test, { type TestContext } from 'node:test';
import { createLogFile } from './log-file.ts';

/** A database with a log that only a test moves, and the log's file. */
function world(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'weft-log-'));
  const path = join(directory, 'store.db');
  const db = new DatabaseSync(path);
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0');
  db.exec('CREATE TABLE lines (text TEXT)');
  const fd = openSync(`${path}-wal`, 'r+');
  t.after(() => {
    db.close();
    closeSync(fd);
    rmSync(directory, { recursive: true });
  });
  return {
    log: createLogFile(fd),
    size: () => statSync(`${path}-wal`).size,
    write: (text: string) => void db.prepare('INSERT INTO lines VALUES (?)').run(text),
    copy: () => db.prepare('PRAGMA wal_checkpoint(PASSIVE)').get(),
    /** What a process would find that opens the files as they are. */
    found: () => db.prepare('SELECT count(*) AS lines FROM lines').get()?.['lines'],
  };
}

test('a log is as long as its frames, however long its file is', (t) => {
  const { log, size, write } = world(t);
  const before = log.length();
  assert.equal(before, size());
  while (log.reserve(1_000_000));
  assert.deepEqual([log.length(), size()], [before, 1_000_000]);
  write('one');
  assert.equal(log.length() - before, 24 + 4096);
  assert.equal(size(), 1_000_000);
});

test('a log that was emptied holds nothing until SQLite begins it anew, at its front', (t) => {
  const { log, size, write, copy, found } = world(t);
  for (let line = 0; line < 10; line++) write(`line ${line}`);
  const before = size();
  copy();
  log.empty();
  assert.deepEqual([log.isBegun(), log.length(), size()], [false, 0, before]);
  write('after');
  assert.deepEqual([log.isBegun(), log.length(), size()], [true, 32 + 24 + 4096, before]);
  assert.equal(found(), 11);
});
