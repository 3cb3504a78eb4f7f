import { lint as lintOf } from '../../analysis/lint/lint.ts';
import { severities, type LintedObject, type LintRule, type Severity } from '../../analysis/lint/rule.ts';
import { lintRules } from '../../analysis/lint/rules.ts';
import { WeftError } from '../../lib/errors.ts';
import type { CliEnvironment, ClusterAddress, ExitCode } from '../environment.ts';
import { requireFormat } from '../output/format.ts';
import { lintExamples, lintPage } from '../output/lint-page.ts';
import { hasSeverity, renderLinted } from '../output/linted.ts';
import { doubtsOf, settle, unseenOf } from '../partial.ts';
import { openWorld } from '../world.ts';

export interface LintOptions extends Partial<ClusterAddress> {
  readonly file: readonly string[];
  readonly name: string;
  readonly output: string;
  /** A rule to tell about, instead of looking for anything. */
  readonly explain?: string;
  readonly ignore: readonly string[];
  readonly failOn: string;
}

/** `weft lint`: mistakes in policies, Services and route tables. Exit 1 when one is as grave as `failOn`, 2 when rules could not be asked. */
export async function lint(env: CliEnvironment, options: LintOptions): Promise<ExitCode> {
  if (options.explain !== undefined) {
    env.out(`${lintPage(requireRule(options.explain))}\n${lintExamples()}`);
    return 0;
  }
  const format = requireFormat(options.output, ['text', 'json', 'yaml', 'sarif']);
  const failOn = requireSeverity(options.failOn);
  const without = options.ignore.map((id) => requireRule(id).id);
  const world = await openWorld(env, options);
  const { cluster, sourceOf } = world;
  const isGiven = (object: LintedObject): boolean => sourceOf(object, '') !== undefined;
  const isAsked = options.file.length > 0 ? isGiven : isOfUsers;
  const answer = lintOf(cluster, {
    sourceOf,
    isAsked,
    without,
    doubts: { undecided: doubtsOf(world), unseen: unseenOf(world) },
  });
  env.out(await renderLinted(answer, format));
  const { unasked } = answer;
  if (unasked.length > 0) {
    env.err(`weft: no workload is given: the rules ${unasked.join(', ')} were not asked\n`);
    env.err('  give the manifests of the workloads too, for policies and Services select by their labels\n');
    return 2;
  }
  return settle(env, world, hasSeverity(answer.findings, failOn) ? 1 : 0);
}

/** What the cluster has of itself is nobody's mistake. */
function isOfUsers({ key }: LintedObject): boolean {
  return !key.startsWith('kube-system/') && key !== 'default/kubernetes';
}

function requireRule(word: string): LintRule {
  const found = lintRules.find(({ id, name }) => id === word.toUpperCase() || name === word.toLowerCase());
  if (found !== undefined) return found;
  throw new WeftError('rule-unknown', `there is no rule ${word}`, {
    fault: 'input',
    hint: `there are ${lintRules.map(({ id, name }) => `${id} ${name}`).join(', ')}`,
  });
}

function requireSeverity(word: string): Severity {
  const found = severities.find((severity) => severity === word);
  if (found !== undefined) return found;
  throw new WeftError('severity-unknown', `--fail-on must be ${severities.join(', ')}, not ${word}`, {
    fault: 'input',
  });
}
