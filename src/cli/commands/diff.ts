import type { Family } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import type { CliEnvironment, ClusterAddress, ExitCode } from '../environment.ts';
import { differenceOf } from '../difference-of.ts';
import { familyIn } from '../ip-family.ts';
import { renderDiff } from '../output/difference.ts';
import { requireFormat } from '../output/format.ts';
import { settle } from '../partial.ts';
import { openWorld, type World } from '../world.ts';

export interface DiffOptions extends Partial<ClusterAddress> {
  /** A file or folder, `-`, `lab:NAME`, or `cluster:CONTEXT`. */
  readonly before: string;
  readonly after: string;
  readonly pods: boolean;
  readonly allNamespaces: boolean;
  readonly output: string;
  readonly ipFamily?: string;
  /** The model of the sides that are manifests. */
  readonly network?: string;
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
  const difference = differenceOf(old, now, {
    level: pods ? 'pod' : 'workload',
    includeClusterDns: allNamespaces,
    ...(family && { family }),
  });
  const problems = [...old.problems, ...now.problems];
  env.out(await renderDiff(difference, format));
  const isSame = difference.connections.length + difference.services.length === 0;
  return settle(env, { problems }, isSame ? 0 : 1);
}

/** `lab:NAME`, `cluster:` with a context of the kubeconfig or without, or manifests. */
async function sideOf(
  env: CliEnvironment,
  side: string,
  options: Omit<DiffOptions, 'before' | 'after'>,
): Promise<World> {
  const { ipFamily, network, kubeconfig = env.env['KUBECONFIG'], context } = options;
  const family = ipFamily === undefined ? {} : { ipFamily };
  const [, kind, name = ''] = /^(lab|cluster):(.*)$/.exec(side) ?? [];
  if (kind === 'cluster') {
    const named = name === '' ? context : name;
    if (kubeconfig === undefined) throw noKubeconfig(side);
    return openWorld(env, { file: [], name: '', kubeconfig, ...(named !== undefined && { context: named }) });
  }
  if (kind === 'lab') return openWorld(env, { file: [], name, ...family });
  return openWorld(env, { file: [side], name: '', ...family, ...(network !== undefined && { network }) });
}

function noKubeconfig(side: string): WeftError {
  return new WeftError('diff-invalid', `${side}: it is not said where the cluster is`, {
    fault: 'input',
    hint: 'give --kubeconfig FILE, or set KUBECONFIG to one file',
  });
}
