/**
 * The examples for CI systems, command by command, as a runner runs them: no terminal, nothing on standard input, next
 * to nothing in the environment. The lab's name is changed, so that two runs on one machine do not meet.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { cannotSendPackets } from '../support/lab.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const examples = join(checkout, 'examples/ci');

/** Commands that are not run here, and why: what they fetch is this checkout, set up. */
const notRun: ReadonlyMap<string, string> = new Map([
  [
    'git clone --depth 1 --branch "$WEFT_REVISION" "$WEFT_REPOSITORY" weft',
    'needs the network; this checkout stands at weft/',
  ],
  ['weft/tools/setup --system', 'installs packages; this checkout is set up'],
]);

interface Step {
  readonly run?: string;
}

/** What each example has a runner do, line by line, in order. */
const pipelines: Readonly<Record<string, (document: never) => string[]>> = {
  'github-actions.yaml': ({ jobs }: { jobs: Record<string, { steps: Step[] }> }) =>
    Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run = '' }) => run.split('\n'))),
  'gitlab-ci.yaml': ({
    network,
  }: {
    network: Record<'before_script' | 'script' | 'after_script', string[]>;
  }) => [...network.before_script, ...network.script, ...network.after_script],
};

for (const [file, linesOf] of Object.entries(pipelines)) {
  describe(`examples/ci/${file}`, { skip: cannotSendPackets }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'weft-ci-'));
    const name = `test-ci-${file.slice(0, 6)}-${process.pid}`;
    const env = { PATH: `${folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin` };
    const sh = (line: string): { status: number | null; stdout: string; stderr: string } =>
      spawnSync('sh', ['-e', '-c', `exec <&-; ${line.replaceAll('--name ci', `--name ${name}`)}`], {
        cwd: folder,
        env,
        encoding: 'utf8',
      });

    cpSync(join(checkout, 'examples/two-tier'), join(folder, 'k8s'), { recursive: true });
    cpSync(join(examples, 'network-tests.yaml'), join(folder, 'network-tests.yaml'));
    symlinkSync(checkout, join(folder, 'weft'));
    // Root needs no sudo, and many containers have none.
    cpSync('/usr/bin/env', join(folder, 'bin/sudo'));
    chmodSync(join(folder, 'bin/sudo'), 0o755);
    after(() => {
      sh(`weft/weft down --name ci`);
      rmSync(folder, { recursive: true });
    });

    const document: unknown = parse(readFileSync(join(examples, file), 'utf8'));
    const lines = linesOf(document as never).map((line) => line.trim());
    for (const line of lines.filter((one) => one !== '')) {
      test(line, { skip: notRun.get(line) ?? false }, () => {
        const { status, stdout, stderr } = sh(line);
        assert.equal(status, 0, stderr);
        // Neither colour nor lines that are drawn again.
        for (const control of ['\u001b', '\r']) assert.ok(!(stdout + stderr).includes(control), stderr);
      });
    }

    test('every report names what was tested', () => {
      for (const report of ['predicted.xml', 'live.xml', 'reach.xml']) {
        const [, tests = '0', failures] =
          /<testsuites [^>]*tests="(\d+)" failures="(\d+)"/.exec(
            readFileSync(join(folder, report), 'utf8'),
          ) ?? [];
        assert.ok(Number(tests) >= 4, `${report}: ${tests} tests`);
        assert.equal(failures, '0', report);
      }
      assert.ok(existsSync(join(folder, 'weft-support.tar.gz')));
    });

    test('an expectation that does not hold fails the pipeline, and its report says why', () => {
      writeFileSync(join(folder, 'network-tests.yaml'), '- internet -> default/StatefulSet/database:5432\n');
      const { status, stderr } = sh('weft/weft test -f k8s network-tests.yaml -o junit > failed.xml');
      assert.equal(status, 1);
      assert.match(stderr, /1 of 1 expectations do not hold/);
      assert.match(
        readFileSync(join(folder, 'failed.xml'), 'utf8'),
        /<failure message="[^"]*expected allowed/,
      );
    });
  });
}
