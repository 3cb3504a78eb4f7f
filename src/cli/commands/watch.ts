import type { ConnectionChange } from '../../analysis/diff/diff.ts';
import { watchReach, type ReachWatch } from '../../analysis/diff/watch.ts';
import type { ReachOptions } from '../../analysis/reach/options.ts';
import { ungivenIn, type Ungiven } from '../../analysis/ungiven-namespaces.ts';
import { keyOf } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { NetworkPolicy } from '../../api/types/network.ts';
import { messageOf, WeftError } from '../../lib/errors.ts';
import { sameJson } from '../../lib/same-json.ts';
import type { Cluster } from '../../model/cluster.ts';
import { differenceOf, type Side } from '../difference-of.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';
import { watchPaths } from '../manifests/changes.ts';
import type { KnownFile } from '../manifests/load.ts';
import { readManifests } from '../manifests/read.ts';
import { renderDiff } from '../output/difference.ts';
import { openWorld } from '../world.ts';

export interface WatchOptions {
  readonly file: readonly string[];
  readonly name: string;
  readonly ipFamily?: string;
  /** What was read of the files before. */
  readonly known: Map<string, KnownFile>;
  /** What is asked of a cluster. */
  readonly question: (cluster: Cluster) => Omit<ReachOptions, 'focus'>;
}

/** Throws `watch-invalid` for what cannot be watched. */
export function requireFiles({ file }: Pick<WatchOptions, 'file'>): void {
  if (file.length > 0 && !file.includes('-')) return;
  throw new WeftError('watch-invalid', '--watch needs files or folders', {
    fault: 'input',
    hint: 'name them with -f',
  });
}

/**
 * `weft reach --watch`: says what each change of the manifests opens and closes, until the person ends it. Broken manifests
 * are told, and compared again when they are whole.
 */
export async function watchManifests(env: CliEnvironment, options: WatchOptions): Promise<ExitCode> {
  // Before the first look: what changes meanwhile is looked at afterwards.
  const watching = watchPaths(options.file, () => void (last = last.then(look)));
  const starting = createState(env, options);
  let last: Promise<unknown> = starting;
  const look = async (): Promise<void> => {
    try {
      const connections = await (await starting).refresh();
      if (connections.length > 0) env.out(await renderDiff({ connections, services: [] }, 'text'));
    } catch (thrown) {
      env.err(`weft: ${messageOf(thrown)}\n`);
    }
  };
  try {
    await starting;
    env.err('weft: watching, until Ctrl-C\n');
    await env.untilInterrupted();
  } finally {
    watching.close();
  }
  await last;
  return 0;
}

interface State {
  /** Reads again what has changed. Throws what reading manifests throws; nothing is forgotten then. */
  refresh(): Promise<readonly ConnectionChange[]>;
}

async function createState(env: CliEnvironment, options: WatchOptions): Promise<State> {
  const { known } = options;
  const read = async (): Promise<Map<string, KubernetesObject>> => {
    const { objects, gateways } = await readManifests(options.file, { known });
    return new Map(
      [...objects, ...gateways].map(({ object }) => [`${object.kind} ${keyOf(object)}`, object]),
    );
  };
  let objects = await read();
  let side: Side = await openWorld(env, options);
  let reach: ReachWatch = watchReach(side.cluster, options.question(side.cluster));
  return {
    async refresh() {
      const now = await read();
      const changes = changesOf(objects, now);
      const policies = policiesAmong(changes);
      if (changes.size === 0) return [];
      const next =
        policies === undefined
          ? await openWorld(env, options)
          : withPolicies(side, policies, namespacesIn(now));
      const before = side;
      [objects, side] = [now, next];
      if (policies !== undefined && isCertain(before) && isCertain(next)) return reach.setPolicies(policies);
      const question = options.question(next.cluster);
      reach = watchReach(next.cluster, question);
      return differenceOf(before, next, question).connections;
    },
  };
}

/** Whether no labels that nobody gave decide anything. */
const isCertain = ({ ungiven }: Side): boolean =>
  ungiven === undefined || (ungiven.bounds === undefined && ungiven.doubts.length === 0);

function withPolicies(
  { cluster: before, problems }: Side,
  policies: ReadonlyMap<string, NetworkPolicy | undefined>,
  given: ReadonlySet<string>,
): Side & { readonly ungiven: Ungiven } {
  const cluster = { ...before, networkPolicies: withChanges(before.networkPolicies, policies) };
  return { cluster, problems, ungiven: ungivenIn(cluster, given) };
}

const namespacesIn = (objects: Objects): ReadonlySet<string> =>
  new Set(
    [...objects.values()].filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name),
  );

type Objects = ReadonlyMap<string, KubernetesObject>;

/** By kind and name what is another object now; undefined where it is gone. A file that was not read again has the same. */
function changesOf(before: Objects, now: Objects): Map<string, KubernetesObject | undefined> {
  const changes = new Map<string, KubernetesObject | undefined>();
  for (const [name, object] of now) {
    const old = before.get(name);
    if (old !== object && !sameJson(old, object)) changes.set(name, object);
  }
  for (const name of before.keys()) if (!now.has(name)) changes.set(name, undefined);
  return changes;
}

const policyKind = 'NetworkPolicy ';

/** By key, where nothing else has changed. */
function policiesAmong(
  changes: ReadonlyMap<string, KubernetesObject | undefined>,
): Map<string, NetworkPolicy | undefined> | undefined {
  if (![...changes.keys()].every((name) => name.startsWith(policyKind))) return undefined;
  // Of this kind, and valid.
  return new Map(
    [...changes].map(([name, object]) => [
      name.slice(policyKind.length),
      object as NetworkPolicy | undefined,
    ]),
  );
}

function withChanges(
  before: ReadonlyMap<string, NetworkPolicy>,
  changes: ReadonlyMap<string, NetworkPolicy | undefined>,
): Map<string, NetworkPolicy> {
  const after = new Map(before);
  for (const [key, policy] of changes) {
    if (policy === undefined) after.delete(key);
    else after.set(key, policy);
  }
  return after;
}
