import { resourceOf } from '../../api/resources.ts';
import { labMark } from '../../lab/cluster/belongings.ts';
import { applyObjects, type Applied } from '../../lab/apply.ts';
import { begunNetwork } from '../../lab/begun-network.ts';
import { checkCapacity } from '../../lab/capacity.ts';
import { requireOwnRanges } from '../../lab/cluster-ranges.ts';
import { requireFittingWorld } from '../../lab/fitting-world.ts';
import type { LabConnection } from '../../lab/connection.ts';
import { labOfCluster } from '../../lab/names.ts';
import { mostNodes, type LabOptions } from '../../lab/options.ts';
import { requireNoNetwork } from '../../lab/shared-network.ts';
import { watchReadiness } from '../../lab/readiness.ts';
import { waitUntilWhole } from '../../lab/whole.ts';
import { systemClock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';
import type { Manifests } from '../manifests/load.ts';
import { readManifests } from '../manifests/read.ts';
import { labNetworkOf } from '../lab-network.ts';
import { createProgress, type Progress } from '../progress.ts';
import { warnUnenforcedAmong } from '../unenforced.ts';

export interface UpOptions {
  readonly file: readonly string[];
  readonly name: string;
  readonly nodes: number;
  readonly network?: string;
  readonly ipFamily?: string;
  readonly cniMode?: string;
  readonly audit?: boolean;
  /** Not that of the lab which it is a further cluster of. */
  readonly ownNetwork?: boolean;
  /** Of a cluster whose API server the lab is to use, and which of its contexts. */
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Those that run there: see `examineCluster`. */
  readonly controllers: string;
  readonly wait: boolean;
  /** Seconds. */
  readonly timeout: number;
}

/** `weft up`: the lab runs and holds these manifests, whatever it held before. */
export async function up(env: CliEnvironment, options: UpOptions): Promise<ExitCode> {
  if (!Number.isInteger(options.nodes) || options.nodes < 1 || options.nodes > mostNodes) {
    throw new WeftError('nodes-invalid', `--nodes must be between 1 and ${mostNodes}`, { fault: 'input' });
  }
  const progress = createProgress(env);
  const manifests = await progress.phase(
    'reading manifests',
    () => readManifests(options.file),
    describeManifests,
  );
  const objects = manifests.objects.map(({ object }) => object);
  const config = labNetworkOf(manifests, options);
  const wanted: LabOptions = {
    name: options.name,
    nodes: options.nodes,
    config,
    begun: begunNetwork(config.model, objects),
    ...(options.audit === true && { audit: true }),
    ...(ownNetworkOf(options) && { ownNetwork: true }),
  };
  requireNoNetwork(wanted, manifests.objects);
  const on = await clusterFor(env, wanted, { ...options, manifests, progress });
  const lab = on?.lab ?? wanted;
  requireOwnRanges(lab.config, manifests.objects);
  requireFittingWorld(lab, manifests.objects);
  checkCapacity(objects, lab);
  await progress.phase(
    'starting the network',
    () => env.labs.start(lab, on?.prepare).catch(pointToDoctor),
    () => `${lab.nodes} nodes, ${lab.config.model}`,
  );
  await on?.close();
  warnUnenforcedAmong(env, lab.config.model, objects);
  if (await env.labs.isUnprivileged()) env.err(withoutRoot);
  const connection = await env.connect(lab.name);
  try {
    const readiness = watchReadiness(connection.client, systemClock);
    await progress.phase('applying', () => applyManifests(connection, lab, manifests), describeApplied);
    if (options.wait) {
      const whole = { connection, readiness, clock: systemClock };
      await progress.phase(
        'waiting for readiness',
        () => waitUntilWhole(whole, options.timeout * 1000),
        () => readiness.summary(),
      );
      for (const line of await pendingAddresses(connection)) env.err(`  ${line}\n`);
    }
  } finally {
    await connection.close();
  }
  return 0;
}

/** Only a further cluster can be on another network than its lab's. */
function ownNetworkOf({ name, ownNetwork = false }: UpOptions): boolean {
  if (!ownNetwork || labOfCluster(name) !== undefined) return ownNetwork;
  throw new WeftError('own-network', '--own-network is for further clusters of a lab', {
    fault: 'input',
    hint: 'name one with --cluster; the first one is always on a network of its own',
  });
}

/** A lab whose API server is a cluster's. Nothing is there of it yet but what stands in these. */
interface OnCluster {
  readonly lab: LabOptions;
  readonly prepare: () => Promise<void>;
  readonly close: () => Promise<void>;
}

interface ClusterChoice extends Pick<UpOptions, 'kubeconfig' | 'context' | 'controllers' | 'audit'> {
  readonly manifests: Manifests;
  readonly progress: Progress;
}

/** Where the lab is to be on a cluster: looks whether it can be, before anything is begun. */
async function clusterFor(
  env: CliEnvironment,
  lab: LabOptions,
  { kubeconfig, context, manifests, progress, ...options }: ClusterChoice,
): Promise<OnCluster | undefined> {
  if (kubeconfig === undefined) return requireNone(env, lab.name);
  const { joinCluster } = await import('./up-on-cluster.ts');
  const door = await env.openCluster({ kubeconfig, ...(context !== undefined && { context }) });
  return joinCluster({ env, lab, door, manifests, progress, ...options });
}

/** What a lab has made on a cluster would be forgotten there. */
async function requireNone(env: CliEnvironment, name: string): Promise<undefined> {
  const cluster = (await env.labs.options(name))?.cluster;
  if (cluster === undefined) return undefined;
  throw new WeftError('lab-differs', `lab ${name} is on ${cluster.server}`, {
    fault: 'input',
    hint: `give its --kubeconfig again, or run "weft down --name ${name}" first`,
  });
}

/** What cannot be had there, see docs/guide/machine.md. */
const withoutRoot = `  without root: very large changes are several transactions, a burst of denials may go unlogged, and
  connections are limited by the machine's nf_conntrack_max (docs/guide/machine.md; weft doctor)
`;

/** Somebody else's lock is no lack of the machine's. */
function pointToDoctor(error: unknown): never {
  if (!(error instanceof WeftError) || error.fault !== 'environment' || error.code === 'lock-held')
    throw error;
  const { code, message, fault, hint } = error;
  const more = 'weft doctor looks at everything that labs need of this machine';
  throw new WeftError(code, message, {
    cause: error,
    fault,
    hint: hint === undefined ? more : `${hint}\n  ${more}`,
  });
}

function describeManifests({ objects, ignored }: Manifests): string {
  const kinds = ignored.map(({ kind, count }) => `${count} ${kind}`).join(', ');
  return `${objects.length} objects${kinds === '' ? '' : `; not interpreted: ${kinds}`}`;
}

/** Everything the API serves; the lab's own ClusterNetwork was made with it. */
function applyManifests(
  { client }: LabConnection,
  { cluster }: LabOptions,
  { objects }: Manifests,
): Promise<Applied[]> {
  const served = objects.map(({ object }) => object).filter((object) => resourceOf(object) !== undefined);
  return applyObjects(
    client,
    served.filter(({ kind }) => kind !== 'ClusterNetwork'),
    cluster && labMark(cluster.mark),
  );
}

function describeApplied(applied: readonly Applied[]): string {
  const counts = new Map<string, number>();
  for (const { outcome } of applied) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
}

async function pendingAddresses({ client }: LabConnection): Promise<string[]> {
  const [{ resources }, { addressNotes }] = await Promise.all([
    import('../../api/resources.ts'),
    import('../status/report.ts'),
  ]);
  const { items } = await client.list(resources.services);
  return items.flatMap(addressNotes);
}
