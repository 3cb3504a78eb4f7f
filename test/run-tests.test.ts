import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

const runner = join(import.meta.dirname, '..', 'tools', 'run-tests.ts');
const directory = mkdtempSync(join(tmpdir(), 'weft-run-tests-'));
after(() => rmSync(directory, { recursive: true }));

/** Writes a test file that runs `body`, which knows how often it ran before as `earlier`. */
function testFile(name: string, body: string): string {
  const file = join(directory, `${name}.test.mjs`);
  writeFileSync(
    file,
    `import { appendFileSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
test('${name}', () => {
  appendFileSync(import.meta.filename + '.runs', '.');
  const earlier = readFileSync(import.meta.filename + '.runs', 'utf8').length - 1;
  ${body}
});
`,
  );
  return file;
}

function run(...files: string[]): { readonly status: number | null; readonly stdout: string } {
  // Else the runner would take itself for a file of the run that this test is part of.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return spawnSync(process.execPath, [runner, ...files], { encoding: 'utf8', env });
}

const unsteady = 'if (earlier === 0) throw new Error("once");';

describe('the command that runs the tests', () => {
  test('passes when all pass', () => {
    const { status, stdout } = run(testFile('passes', ''));
    assert.equal(status, 0);
    assert.doesNotMatch(stdout, /unsteady/);
  });

  test('fails when a file fails again', () => {
    assert.equal(run(testFile('always', 'throw new Error("always");')).status, 1);
    assert.equal(run(testFile('later', 'if (earlier !== 1) throw new Error("later");')).status, 1);
  });

  test('passes, and names the file, when it failed once and then never', () => {
    const { status, stdout } = run(testFile('once', unsteady), testFile('steady', ''));
    assert.equal(status, 0);
    assert.match(stdout, /unsteady: \S*once\.test\.mjs failed once, then passed 3 times of 3/);
  });

  test('fails at once when many files failed', () => {
    const { status, stdout } = run(...['a', 'b', 'c'].map((name) => testFile(name, unsteady)));
    assert.equal(status, 1);
    assert.doesNotMatch(stdout, /times more/);
  });
});
