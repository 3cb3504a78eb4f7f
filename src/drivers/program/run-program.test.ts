import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runProgram } from './run-program.ts';

test('a program ends with its code and what it printed', async () => {
  assert.deepEqual(await runProgram('sh', ['-c', 'echo out; echo err >&2; exit 7']), {
    code: 7,
    out: 'out\n',
    err: 'err\n',
  });
});

test('a program has no input to wait for', async () => {
  assert.equal((await runProgram('cat', []))?.code, 0);
});

test('a program that is not there is undefined, one that is killed has no code of its own', async () => {
  assert.equal(await runProgram('weft-has-no-such-program', []), undefined);
  assert.equal((await runProgram('sh', ['-c', 'kill -9 $$']))?.code, 128);
});
