import type { SourceOf } from '../analysis/flow.ts';
import { ungivenIn, type Ungiven } from '../analysis/ungiven-namespaces.ts';
import { keyOf } from '../api/resources.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import type { ClusterNetwork } from '../api/types/network.ts';
import type { Family } from '../lib/address.ts';
import { WeftError } from '../lib/errors.ts';
import type { LabConnection } from '../lab/connection.ts';
import type { Cluster } from '../model/cluster.ts';
import { networkConfigOf, type NetworkConfig } from '../model/network/config.ts';
import type { CliEnvironment, ClusterAddress } from './environment.ts';
import { familyAsked } from './ip-family.ts';
import type { LoadedObject } from './manifests/objects.ts';
import type { KnownFile } from './manifests/load.ts';
import { readManifests } from './manifests/read.ts';
import { sourceOfManifests } from './source-of.ts';
import { placed, type WorldProblem } from './world-problem.ts';

/** The cluster that a question is about. */
export interface World {
  readonly cluster: Cluster;
  readonly sourceOf: SourceOf;
  /** What could not be read or understood: see `settle`. */
  readonly problems: readonly WorldProblem[];
  /** What depends on Namespaces that the manifests do not hold; a cluster's or a lab's are all known. */
  readonly ungiven?: Ungiven;
}

export interface WorldOptions extends Partial<ClusterAddress> {
  readonly file: readonly string[];
  readonly name: string;
  /** The family that is asked about: what a cluster has whose manifests do not say. */
  readonly ipFamily?: string;
  /** The model of the network that the manifests are for; what their ClusterNetwork says, else the default, when absent. */
  readonly network?: string;
  /** Whether broken manifests may be left out where it is known what is in doubt without them. */
  readonly aPartWillDo?: boolean;
  /** See `LoadOptions`. */
  readonly known?: Map<string, KnownFile>;
}

/**
 * Answers about the cluster that the manifests describe, without root or a lab; where none are given, about the
 * running lab. With a kubeconfig, about its cluster as its user sees it. Throws what reading either throws, and
 * `network-contradicts` where the model is another's to say.
 */
export async function openWorld(
  env: Pick<CliEnvironment, 'connect' | 'openCluster'>,
  options: WorldOptions,
): Promise<World> {
  const { kubeconfig, context, network } = options;
  if (kubeconfig !== undefined) {
    requireNoNetwork(options);
    const [{ readLive }, { objects, gateways, problems }] = await Promise.all([
      import('./read-live.ts'),
      readManifests(options.file),
    ]);
    const { cluster, unread } = await readLive(env, {
      kubeconfig,
      ...(context !== undefined && { context }),
    });
    return {
      cluster,
      sourceOf: sourceOfManifests([...objects, ...gateways], cluster),
      problems: [...placed(problems), ...unread],
    };
  }
  if (options.file.length === 0) return withLab(env, options, ({ world }) => Promise.resolve(world));
  const { objects: followed, gateways, problems } = await readManifests(options.file, options);
  const objects = [...followed, ...gateways];
  const family = familyAsked(options.ipFamily);
  const cluster = await expand(objects, { families: family === undefined ? [] : [family], network });
  const namespaces = objects.filter(({ object }) => object.kind === 'Namespace');
  return {
    cluster,
    sourceOf: sourceOfManifests(objects, cluster),
    problems: placed(problems),
    ungiven: ungivenIn(cluster, new Set(namespaces.map(({ object }) => object.metadata.name))),
  };
}

/** Also what every lab has before any manifest: the cluster DNS and the API server's Service. */
async function expand(
  loaded: readonly LoadedObject[],
  { families, network }: { readonly families: readonly Family[]; readonly network: string | undefined },
): Promise<Cluster> {
  const [{ expandManifests }, { apiServiceObjects, clusterDnsObjects }] = await Promise.all([
    import('../model/workloads/expand.ts'),
    import('../lab/system-services.ts'),
  ]);
  const objects = loaded.map(({ object }) => object);
  const services = new Set(objects.filter(({ kind }) => kind === 'Service').map(keyOf));
  const said = networkConfigOf(
    objects.find(({ kind }) => kind === 'ClusterNetwork') as ClusterNetwork | undefined,
    families.length === 0 ? undefined : families,
  );
  const config = network === undefined ? said : await withModel(said, loaded, network);
  const groups: KubernetesObject[][] = [clusterDnsObjects(config), apiServiceObjects(config)];
  const system = groups.filter(
    (group) => !group.some((object) => object.kind === 'Service' && services.has(keyOf(object))),
  );
  return expandManifests([...system.flat(), ...objects], { config });
}

/** As `weft up --network` would have it. */
async function withModel(
  config: NetworkConfig,
  objects: readonly LoadedObject[],
  network: string,
): Promise<NetworkConfig> {
  const { labNetworkOf } = await import('./lab-network.ts');
  return { ...config, model: labNetworkOf({ objects }, { network }).model };
}

/** A cluster is read once, and packets are sent where nobody's application is. Throws `live-elsewhere`. */
export function requireNoCluster({ kubeconfig }: Pick<WorldOptions, 'kubeconfig'>): void {
  if (kubeconfig === undefined) return;
  throw new WeftError(
    'live-elsewhere',
    'a cluster is read once and only read: --live and --watch are not for it',
    {
      fault: 'input',
      hint: 'leave them out, or leave out --kubeconfig',
    },
  );
}

/** What runs has its network already. Throws `network-contradicts`. */
function requireNoNetwork({ network }: Pick<WorldOptions, 'network'>): void {
  if (network === undefined) return;
  throw new WeftError('network-contradicts', 'what runs has its network: --network is for manifests', {
    fault: 'input',
    hint: 'leave it out, or give manifests with -f, and neither --live nor --kubeconfig',
  });
}

/** A running lab, with what its API server holds. Manifests tell where its objects were written. */
export interface LabWorld {
  readonly world: World;
  readonly lab: LabConnection;
}

/** Whether a policy has a domain name, so that addresses of names matter. */
function namesDomains({ clusterNetworkPolicies }: Cluster): boolean {
  return [...clusterNetworkPolicies.values()].some(({ spec }) =>
    spec.egress?.some(({ to }) => to.some(({ domainNames = [] }) => domainNames.length > 0)),
  );
}

/** What names lead to by now. Without the agents nobody knows, and what depends on it is unknown. */
async function domainsOf(lab: Pick<LabConnection, 'domains'>): Promise<NonNullable<Cluster['domains']>> {
  try {
    return await lab.domains();
  } catch {
    return new Map();
  }
}

export async function withLab<T>(
  env: Pick<CliEnvironment, 'connect'>,
  { file, name, network }: WorldOptions,
  work: (lab: LabWorld) => Promise<T>,
): Promise<T> {
  requireNoNetwork({ ...(network !== undefined && { network }) });
  const lab = await env.connect(name);
  try {
    const [{ readCluster, readGateways }, { objects, gateways, problems }] = await Promise.all([
      import('../lab/cluster-of.ts'),
      readManifests(file),
    ]);
    const [read, found] = await Promise.all([readCluster(lab.client), readGateways(lab.client)]);
    const domains = namesDomains(read) ? { domains: await domainsOf(lab) } : {};
    const cluster = { ...read, ...found, ...domains };
    return await work({
      lab,
      world: {
        cluster,
        sourceOf: sourceOfManifests([...objects, ...gateways], cluster),
        problems: placed(problems),
      },
    });
  } finally {
    await lab.close();
  }
}
