/**
 * Runs the tests of the given files and patterns; exit 0 when they pass.
 *
 * They run on a real kernel beside whatever else the machine does, so one of some thousand may fail for a race of its
 * own. Such a failure must neither stop a change nor be overlooked: where at most two files failed, each is run three
 * more times, alone, and has to pass every time. Then it is named as unsteady at the end, with its failure above.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const mostFiles = 2;
const times = 3;
const reporter = join(import.meta.dirname, 'failed-files.ts');

const directory = mkdtempSync(join(tmpdir(), 'weft-tests-'));
try {
  process.exitCode = main(process.argv.slice(2));
} finally {
  rmSync(directory, { recursive: true });
}

function main(patterns: readonly string[]): number {
  const first = runTests(patterns);
  if (first.passed) return 0;
  if (first.failed.length === 0 || first.failed.length > mostFiles) return 1;
  const names = first.failed.map((file) => relative(process.cwd(), file));
  for (const name of names) {
    process.stdout.write(`\n${name} failed; running it ${times} times more, alone\n`);
    for (let time = 0; time < times; time += 1) if (!runTests([name]).passed) return 1;
  }
  for (const name of names) {
    process.stdout.write(
      `\nunsteady: ${name} failed once, then passed ${times} times of ${times}. Its failure is above; it is a defect.\n`,
    );
  }
  return 0;
}

function runTests(patterns: readonly string[]): {
  readonly passed: boolean;
  readonly failed: readonly string[];
} {
  const list = join(directory, 'failed');
  const { status } = spawnSync(
    process.execPath,
    [
      '--test',
      '--test-concurrency=2',
      '--test-timeout=300000',
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${reporter}`,
      `--test-reporter-destination=${list}`,
      ...patterns,
    ],
    { stdio: 'inherit' },
  );
  return { passed: status === 0, failed: readFileSync(list, 'utf8').split('\n').filter(Boolean) };
}
