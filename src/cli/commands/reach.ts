import { reach as reachOf } from '../../analysis/reach/reach.ts';
import type { Reach } from '../../analysis/reach/answer.ts';
import { withDoubts } from '../../analysis/reach/doubt.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';
import { familyIn } from '../ip-family.ts';
import { requireFormat, toJson, toYaml } from '../output/format.ts';
import { renderConnections } from '../output/connections.ts';
import { doubtsOf, settle } from '../partial.ts';
import { openWorld, withLab, type LabWorld } from '../world.ts';

export interface ReachOptions {
  readonly file: readonly string[];
  readonly name: string;
  readonly live: boolean;
  readonly pods: boolean;
  readonly allNamespaces: boolean;
  readonly output: string;
  readonly ipFamily?: string;
}

const staticFormats = ['table', 'wide', 'json', 'yaml', 'csv', 'md', 'dot', 'mermaid'] as const;
const liveFormats = [...staticFormats, 'junit'] as const;

/** `weft reach`: who may open connections to whom; with `live`, proved. Exit 1 when a cell is wrong or unknown. */
export async function reach(env: CliEnvironment, options: ReachOptions): Promise<ExitCode> {
  if (options.live) return withLab(env, options, (lab) => reachLive(env, lab, options));
  const format = requireFormat(options.output, staticFormats);
  const world = await openWorld(env, { ...options, aPartWillDo: true });
  const answer = withDoubts(connectionsOf(world.cluster, options), doubtsOf(world));
  if (format === 'json') env.out(toJson(answer));
  else if (format === 'yaml') env.out(await toYaml(answer));
  else if (format === 'table') env.out(renderConnections(answer));
  else env.out(await renderOther(answer, format));
  return settle(env, world, 0);
}

function connectionsOf(cluster: Cluster, { pods, allNamespaces, ipFamily }: ReachOptions): Reach {
  const family = familyIn(cluster, ipFamily);
  return reachOf(cluster, {
    level: pods ? 'pod' : 'workload',
    includeClusterDns: allNamespaces,
    ...(family && { family }),
  });
}

async function renderOther(
  answer: Reach,
  format: 'wide' | 'csv' | 'md' | 'dot' | 'mermaid',
): Promise<string> {
  if (format === 'dot' || format === 'mermaid') {
    const { renderGraph } = await import('../output/graph.ts');
    return renderGraph(answer.connections, format);
  }
  const { renderRows } = await import('../output/rows.ts');
  const unknown = new Map(answer.unknown.map((one) => [`${one.source} ${one.destination}`, one.why]));
  const rows = answer.connections.map(({ source, destination, ports }) => [
    source,
    destination,
    ports.join(', '),
    unknown.get(`${source} ${destination}`) ?? '',
  ]);
  return renderRows(['source', 'destination', 'ports', 'depends'], rows, format);
}

async function reachLive(
  env: CliEnvironment,
  { lab, world }: LabWorld,
  options: ReachOptions,
): Promise<ExitCode> {
  const format = requireFormat(options.output, liveFormats);
  const [{ prove }, { reportOf }] = await Promise.all([
    import('../live/prove.ts'),
    import('../live/report.ts'),
  ]);
  const family = familyIn(world.cluster, options.ipFamily);
  const proof = await prove(lab, world.cluster, {
    withSystem: options.allNamespaces,
    ...(family && { family }),
  });
  const report = reportOf(proof, world);
  if (format === 'json' || format === 'yaml') {
    const { connections } = connectionsOf(proof.cluster, options);
    env.out(await (format === 'json' ? toJson : toYaml)({ connections, ...report }));
  } else if (format === 'dot' || format === 'mermaid') {
    env.out(await renderOther(connectionsOf(proof.cluster, options), format));
  } else {
    const { renderProof } = await import('../output/proof.ts');
    env.out(await renderProof(proof, report, { format, pods: options.pods }));
  }
  const { wrong, unknown } = report.summary;
  return wrong > 0 || unknown > 0 ? 1 : 0;
}
