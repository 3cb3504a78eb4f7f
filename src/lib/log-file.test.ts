import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { createLogFile, previousLog } from './log-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'weft-log-'));
after(() => rmSync(directory, { recursive: true }));
const path = join(directory, 'role.log');
const limitBytes = 1000;
let fd = -1;

beforeEach(() => {
  for (const file of [path, previousLog(path)]) rmSync(file, { force: true });
  if (fd >= 0) closeSync(fd);
  fd = openSync(path, 'a', 0o644);
});

const line = (number: number): string => `line ${String(number).padStart(4, '0')}\n`;

test('the newest lines are kept, in order and whole, in two files of bounded size', () => {
  const log = createLogFile({ fd, path, limitBytes });
  for (let i = 0; i < 1000; i++) log.write(line(i));
  for (const file of [path, previousLog(path)]) {
    assert.ok(statSync(file).size <= limitBytes, file);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  }
  const kept = readFileSync(previousLog(path), 'utf8') + readFileSync(path, 'utf8');
  const count = kept.length / line(0).length;
  assert.ok(count >= 100);
  assert.equal(kept, Array.from({ length: count }, (_, i) => line(1000 - count + i)).join(''));
});

test('what somebody else wrote to the descriptor counts, and is kept', () => {
  const log = createLogFile({ fd, path, limitBytes });
  writeSync(fd, `Error: the runtime's own words\n${' '.repeat(limitBytes)}\n`);
  log.write(line(1));
  assert.equal(readFileSync(path, 'utf8'), line(1));
  assert.match(readFileSync(previousLog(path), 'utf8'), /own words/);
});

test('a file that cannot be copied is bounded all the same', () => {
  rmSync(path);
  const log = createLogFile({ fd, path, limitBytes });
  for (let i = 0; i < 1000; i++) log.write(line(i));
  assert.equal(existsSync(previousLog(path)), false);
});

test('a descriptor that takes nothing loses the line and nothing else', () => {
  const full = openSync('/dev/full', 'w');
  createLogFile({ fd: full, path: '/dev/full', limitBytes }).write(line(1));
  closeSync(full);
});
