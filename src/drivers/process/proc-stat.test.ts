import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isUserProcess, parseProcStat, readProcStat } from './proc-stat.ts';

const tail = `4 5 6 7 8 4194304 ${Array.from({ length: 12 }, (_, index) => index).join(' ')} 987 0 0`;

test('state and start time are found behind any command name', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 15 }), (name) => {
      assert.deepEqual(parseProcStat(`12 (${name}) S ${tail}`), {
        state: 'S',
        startTime: 987,
        flags: 4_194_304,
      });
    }),
  );
});

test('anything else is no stat line', () => {
  for (const line of ['', '12', '12 (x', '12 (x) S 1 2 3', 'garbage) '])
    assert.equal(parseProcStat(line), undefined);
  fc.assert(
    fc.property(fc.string(), (line) => {
      parseProcStat(line);
    }),
  );
});

test('this process has a start time, and pid 0 does not exist', () => {
  assert.equal(typeof readProcStat(process.pid)?.startTime, 'number');
  assert.equal(readProcStat(0), undefined);
  assert.equal(isUserProcess(process.pid), true);
  assert.equal(isUserProcess(0), false);
});
