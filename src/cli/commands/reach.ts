import type { ReachOptions as ReachQuestion } from '../../analysis/reach/options.ts';
import { reach as reachOf } from '../../analysis/reach/reach.ts';
import type { Reach } from '../../analysis/reach/answer.ts';
import { withBounds } from '../../analysis/reach/bounded.ts';
import { withDoubts } from '../../analysis/reach/doubt.ts';
import { WeftError } from '../../lib/errors.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { CliEnvironment, ClusterAddress, ExitCode } from '../environment.ts';
import { familyIn } from '../ip-family.ts';
import { requireEnds } from '../known-ends.ts';
import { requireFormat, toJson, toYaml } from '../output/format.ts';
import { becauseOf, reachJson, renderConnections } from '../output/connections.ts';
import { doubtsOf, settle } from '../partial.ts';
import { portsAsked } from '../ports-asked.ts';
import { warnUnenforced } from '../unenforced.ts';
import type { KnownFile } from '../manifests/load.ts';
import { openWorld, requireNoCluster, withLab, type LabWorld, type World } from '../world.ts';

export interface ReachOptions extends Partial<ClusterAddress> {
  readonly file: readonly string[];
  readonly name: string;
  readonly live: boolean;
  readonly pods: boolean;
  readonly allNamespaces: boolean;
  readonly output: string;
  readonly ipFamily?: string;
  readonly network?: string;
  /** What is asked about: see `Focus`. */
  readonly from?: string;
  readonly to?: string;
  readonly namespace?: string;
  /** `80`, `80/udp` or `1-1023/tcp`. */
  readonly port?: string;
  /** Also why. */
  readonly explain: boolean;
  /** Say what each change of the manifests opens and closes. */
  readonly watch: boolean;
  /** See `LoadOptions`. */
  readonly known?: Map<string, KnownFile>;
}

const liveFormats = ['table', 'wide', 'json', 'yaml', 'csv', 'md', 'dot', 'mermaid', 'junit'] as const;
const staticFormats = [
  'table',
  'wide',
  'json',
  'yaml',
  'csv',
  'md',
  'dot',
  'mermaid',
  'matrix',
  'svg',
] as const;

/** `weft reach`: who may open connections to whom; with `live`, proved. Exit 1 when a cell is wrong or unknown. */
export async function reach(env: CliEnvironment, options: ReachOptions): Promise<ExitCode> {
  if (options.live || options.watch) requireNoCluster(options);
  if (options.live) return withLab(env, options, (lab) => reachLive(env, lab, options));
  if (options.watch) return reachWatched(env, options);
  const format = requireFormat(options.output, staticFormats);
  const world = await openWorld(env, { ...options, aPartWillDo: true });
  // What cannot be read may have what is asked about.
  if (world.problems.length === 0) requireEnds(world.cluster, options);
  const answer = withDoubts(answerOf(world, options), doubtsOf(world));
  if (format === 'json') env.out(toJson(reachJson(answer)));
  else if (format === 'yaml') env.out(await toYaml(reachJson(answer)));
  else if (format === 'table') env.out(renderConnections(answer));
  else if (format === 'matrix' || format === 'svg') env.out(await renderMatrix(world, options, format));
  else env.out(await renderOther(answer, format));
  warnUnenforced(env, world.cluster);
  return settle(env, world, 0);
}

/** First the whole answer, then what changes. */
async function reachWatched(env: CliEnvironment, options: ReachOptions): Promise<ExitCode> {
  requireFormat(options.output, ['table']);
  const { requireFiles, watchManifests } = await import('./watch.ts');
  requireFiles(options);
  const known = new Map<string, KnownFile>();
  const code = await reach(env, { ...options, watch: false, known });
  if (code !== 0) return code;
  const question = (cluster: Cluster): ReachQuestion => {
    const { level, includeClusterDns, family } = questionOf({ cluster, sourceOf: () => undefined }, options);
    return {
      ...(level && { level }),
      ...(includeClusterDns && { includeClusterDns }),
      ...(family && { family }),
    };
  };
  return watchManifests(env, { ...options, known, question });
}

type Asked = Pick<World, 'cluster' | 'sourceOf'>;

/** With what depends on labels that nobody knows as unknown. */
function answerOf(world: World, options: ReachOptions): Reach {
  const answer = connectionsOf(world, options);
  const { bounds } = world.ungiven ?? {};
  if (bounds === undefined) return answer;
  const inCase = (cluster: Cluster): Reach =>
    connectionsOf({ ...world, cluster }, { ...options, explain: false });
  return withBounds(answer, { least: inCase(bounds.least), most: inCase(bounds.most), why: bounds.why });
}

function connectionsOf(world: Asked, options: ReachOptions): Reach {
  return reachOf(world.cluster, questionOf(world, options));
}

/** What the options ask. Throws `port-invalid` and `ip-family-invalid`. */
function questionOf({ cluster, sourceOf }: Asked, options: ReachOptions): ReachQuestion {
  const { pods, allNamespaces, ipFamily, from, to, namespace, port, explain } = options;
  const family = familyIn(cluster, ipFamily);
  return {
    level: pods ? 'pod' : 'workload',
    includeClusterDns: allNamespaces,
    ...(family && { family }),
    ...(explain && { explained: { sourceOf } }),
    focus: {
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
      ...(namespace !== undefined && { namespace }),
      ...(port !== undefined && { ports: portsAsked(port) }),
    },
  };
}

/** Every end is in a matrix, so that of one with doubts nothing can be shown. */
async function renderMatrix(world: World, options: ReachOptions, format: 'matrix' | 'svg'): Promise<string> {
  const [doubt] = [
    ...doubtsOf(world),
    ...(world.ungiven?.bounds === undefined ? [] : [world.ungiven.bounds]),
  ];
  if (doubt !== undefined) {
    throw new WeftError('manifests-in-doubt', `-o ${format} has no room for what is unknown: ${doubt.why}`, {
      fault: 'input',
      hint: '-o table tells what is sound; or give what is missing',
    });
  }
  const { reachMatrix } = await import('../../analysis/reach/matrix.ts');
  const matrix = reachMatrix(world.cluster, questionOf(world, options));
  if (format === 'svg') {
    const { renderSvg } = await import('../output/svg.ts');
    return renderSvg(matrix);
  }
  const { renderGrid } = await import('../output/grid.ts');
  const why = options.explain ? `\n${renderConnections(connectionsOf(world, options))}` : '';
  return `${renderGrid(matrix)}\n. let through  X blocked  ~ some of both  # itself  ? not all pods agree\n${why}`;
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
  const isExplained = answer.connections.some(({ because }) => because !== undefined);
  const rows = answer.connections.map((one) => [
    one.source,
    one.destination,
    one.ports.join(', '),
    unknown.get(`${one.source} ${one.destination}`) ?? '',
    ...(isExplained ? [becauseOf(one).join('; ')] : []),
  ]);
  const head = ['source', 'destination', 'ports', 'depends', ...(isExplained ? ['because'] : [])];
  return renderRows(head, rows, format);
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
    const { connections } = reachJson(connectionsOf({ ...world, cluster: proof.cluster }, options));
    env.out(await (format === 'json' ? toJson : toYaml)({ connections, ...report }));
  } else if (format === 'dot' || format === 'mermaid') {
    env.out(await renderOther(connectionsOf({ ...world, cluster: proof.cluster }, options), format));
  } else {
    const { renderProof } = await import('../output/proof.ts');
    env.out(await renderProof(proof, report, { format, pods: options.pods }));
  }
  warnUnenforced(env, world.cluster);
  const { wrong, unknown } = report.summary;
  return wrong > 0 || unknown > 0 ? 1 : 0;
}
