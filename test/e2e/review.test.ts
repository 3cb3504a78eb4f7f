/**
 * The examples that need no lab, command by command, in a repository with a change: the pull request's review and the
 * hooks of pre-commit.
 */
import assert from 'node:assert/strict';
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const examples = join(checkout, 'examples/ci');

/** What fetches and sets up what is here already. */
const notRun = /^(git clone|weft\/tools\/setup)/;

/** A repository with the manifests of the two tiers on main, and a change beside it that lets everybody at the database. */
const folder = mkdtempSync(join(tmpdir(), 'weft-review-'));
after(() => rmSync(folder, { recursive: true }));
const env = {
  PATH: `${folder}/bin:/usr/local/bin:/usr/bin:/bin`,
  HOME: folder,
  BASE: 'main',
  GITHUB_STEP_SUMMARY: join(folder, 'summary.md'),
};
function sh(line: string): SpawnSyncReturns<string> {
  return spawnSync('sh', ['-e', '-c', line], { cwd: folder, env, encoding: 'utf8' });
}
const hasGit = spawnSync('git', ['--version']).status === 0;

cpSync(join(checkout, 'examples/two-tier'), join(folder, 'k8s'), { recursive: true });
cpSync(join(examples, 'network-tests.yaml'), join(folder, 'network-tests.yaml'));
symlinkSync(checkout, join(folder, 'weft'));
mkdirSync(join(folder, 'bin'));
symlinkSync(join(checkout, 'weft'), join(folder, 'bin/weft'));

describe('examples/ci/github-review.yaml', { skip: hasGit ? false : 'there is no git' }, () => {
  const { jobs } = parse(readFileSync(join(examples, 'github-review.yaml'), 'utf8')) as {
    jobs: { review: { steps: { run?: string }[] } };
  };
  const lines = jobs.review.steps
    .flatMap(({ run = '' }) => run.split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !notRun.test(line));

  test('a change of the manifests on a branch of its own', () => {
    const commit = 'git -c user.name=a -c user.email=a@b commit -qm a';
    assert.equal(sh(`git init -qb main && git add k8s network-tests.yaml && ${commit}`).status, 0);
    appendFileSync(
      join(folder, 'k8s/policies.yaml'),
      `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: database-from-outside }
spec:
  podSelector: { matchLabels: { app: database } }
  ingress:
    - from: [{ ipBlock: { cidr: 198.51.100.0/24 } }]
      ports: [{ port: 5432 }]
`,
    );
  });

  for (const line of lines) {
    test(line, () => {
      const { status, stderr } = sh(line);
      assert.equal(status, 0, stderr);
    });
  }

  test('the summary says what the change opens', () => {
    assert.match(
      readFileSync(env.GITHUB_STEP_SUMMARY, 'utf8'),
      /^\| added \| 198\.51\.100\.0\/24 \| default\/database\\\[StatefulSet\\\] \|  \| TCP 5432 \|/m,
    );
  });

  test('a mistake fails the review, and stands in its report', () => {
    const mistyped = readFileSync(join(folder, 'k8s/policies.yaml'), 'utf8').replace(
      'podSelector: { matchLabels: { app: database } }',
      'podSelector: { matchLabels: { app: databse } }',
    );
    mkdirSync(join(folder, 'mistyped'));
    cpSync(join(folder, 'k8s'), join(folder, 'mistyped'), { recursive: true });
    rmSync(join(folder, 'mistyped/policies.yaml'));
    appendFileSync(join(folder, 'mistyped/policies.yaml'), mistyped);
    const { status, stdout } = sh('weft/weft lint -f mistyped -o sarif');
    assert.equal(status, 1);
    assert.match(stdout, /"ruleId": "WL001"/);
  });
});

describe('examples/ci/pre-commit-config.yaml', () => {
  const { repos } = parse(readFileSync(join(examples, 'pre-commit-config.yaml'), 'utf8')) as {
    repos: { hooks: { entry: string; files: string }[] }[];
  };
  for (const { entry, files } of repos.flatMap(({ hooks }) => hooks)) {
    test(entry, () => {
      const { status, stdout, stderr } = sh(entry);
      assert.equal(status, 0, stdout + stderr);
      assert.ok(new RegExp(files).test('k8s/policies.yaml'));
      assert.ok(!new RegExp(files).test('README.md'));
    });
  }
});
