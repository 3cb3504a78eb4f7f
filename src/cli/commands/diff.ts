import { diffReach } from '../../analysis/diff/diff.ts';
import type { Family } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';
import { familyIn } from '../ip-family.ts';
import { renderDiff } from '../output/difference.ts';
import { requireFormat } from '../output/format.ts';
import { settle } from '../partial.ts';
import { openWorld, type World } from '../world.ts';

export interface DiffOptions {
  /** A file or folder, `-`, or `lab:NAME`. */
  readonly before: string;
  readonly after: string;
  readonly pods: boolean;
  readonly allNamespaces: boolean;
  readonly output: string;
  readonly ipFamily?: string;
}

/** `weft diff`: which connections a change opens and closes. Exit 1 when there are any. */
export async function diff(env: CliEnvironment, options: DiffOptions): Promise<ExitCode> {
  const format = requireFormat(options.output, ['text', 'json', 'yaml', 'csv', 'md']);
  const { before, after, pods, allNamespaces } = options;
  if (before === '-' && after === '-') {
    throw new WeftError('diff-invalid', 'only one of OLD and NEW can be standard input', { fault: 'input' });
  }
  const [old, now] = [await sideOf(env, before, options), await sideOf(env, after, options)];
  const family: Family | undefined =
    familyIn(old.cluster, options.ipFamily) ?? familyIn(now.cluster, options.ipFamily);
  const difference = diffReach(old.cluster, now.cluster, {
    level: pods ? 'pod' : 'workload',
    includeClusterDns: allNamespaces,
    ...(family && { family }),
  });
  env.out(await renderDiff(difference, format));
  const isSame = difference.connections.length + difference.services.length === 0;
  return settle(env, { problems: [...old.problems, ...now.problems] }, isSame ? 0 : 1);
}

async function sideOf(
  env: CliEnvironment,
  side: string,
  { ipFamily }: Pick<DiffOptions, 'ipFamily'>,
): Promise<World> {
  const lab = /^lab:(.+)$/.exec(side)?.[1];
  const asked = lab === undefined ? { file: [side], name: '' } : { file: [], name: lab };
  return openWorld(env, { ...asked, ...(ipFamily === undefined ? {} : { ipFamily }) });
}
