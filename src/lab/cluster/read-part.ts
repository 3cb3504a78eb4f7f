import { resources, type Resource } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { apiCode } from '../../client/errors.ts';
import type { Client, ListOptions, ObjectList } from '../../client/port.ts';
import { commonPrefix, formatPrefix, parsePrefix, type Prefix } from '../../lib/prefix.ts';
import { families } from '../../lib/address.ts';
import type { Cluster } from '../../model/cluster.ts';
import { readCluster, readGateways } from '../cluster-of.ts';
import type { ClusterDoor } from './door.ts';

/** Objects that a user may not list. */
export interface Unread {
  /** Plural name of the resource. */
  readonly what: string;
  /** Undefined for those of the whole cluster. */
  readonly namespace: string | undefined;
}

/** As much of a cluster as a user may see. */
export interface ClusterPart {
  readonly cluster: Cluster;
  readonly unread: readonly Unread[];
}

type Reader = Pick<Client, 'list'>;

/** The namespace of a user whose kubeconfig names none. */
const usualNamespace = 'default';

/**
 * Reads what decides about packets from any cluster, and changes nothing. Where a user may not list a resource of all
 * namespaces, those of each namespace are listed that he knows of: all, or his own. Rejects as `Client.list` for anything
 * but a refusal.
 */
export async function readPart({
  client,
  serves,
  namespace = usualNamespace,
}: Pick<ClusterDoor, 'client' | 'serves' | 'namespace'>): Promise<ClusterPart> {
  const unread: Unread[] = [];
  let known: Promise<readonly string[]> | undefined;
  const refused = async <T extends KubernetesObject>(resource: Resource<T>): Promise<ObjectList<T>> => {
    // Without rights nobody is told whether there are such objects; everybody is told whether there may be.
    if (await serves(resource)) unread.push({ what: resource.plural, namespace: undefined });
    return none;
  };
  const listIn = async <T extends KubernetesObject>(
    resource: Resource<T>,
    one: string,
  ): Promise<readonly T[]> => {
    const found = await unlessForbidden(client.list(resource, { namespace: one }));
    if (found === undefined) unread.push({ what: resource.plural, namespace: one });
    return found?.items ?? [];
  };
  const reader: Reader = {
    async list<T extends KubernetesObject>(
      resource: Resource<T>,
      options?: ListOptions,
    ): Promise<ObjectList<T>> {
      const all = await unlessForbidden(client.list(resource, options));
      if (all !== undefined) return all;
      if (!resource.namespaced) return refused(resource);
      if (!(await serves(resource))) return none;
      known ??= namespacesOf(client, namespace);
      const lists = await Promise.all((await known).map((one) => listIn(resource, one)));
      return { ...none, items: lists.flat() };
    },
  };
  const [read, gateways] = await Promise.all([readCluster(reader), readGateways(reader)]);
  const cluster = { ...read, ...gateways };
  return { cluster: { ...cluster, config: await configOf(cluster, client) }, unread };
}

const none = { items: [], resourceVersion: '0' };

async function unlessForbidden<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (thrown) {
    if (apiCode(thrown) === 'api-forbidden') return undefined;
    throw thrown;
  }
}

async function namespacesOf(client: Reader, own: string): Promise<readonly string[]> {
  const all = await unlessForbidden(client.list(resources.namespaces));
  return all === undefined ? [own] : all.items.map(({ metadata }) => metadata.name);
}

/** The ranges that a cluster without a ClusterNetwork has, as far as its objects say them. */
async function configOf({ config, nodes }: Cluster, client: Reader): Promise<Cluster['config']> {
  const networks = await unlessForbidden(unlessAbsent(client.list(resources.clusternetworks)));
  if (networks !== undefined && networks.items.length > 0) return config;
  const services = await unlessForbidden(unlessAbsent(client.list(resources.servicecidrs)));
  const serviceCidrs =
    services?.items.find(({ metadata }) => metadata.name === 'kubernetes')?.spec?.cidrs ?? [];
  const podCidrs = podRanges(
    [...nodes.values()].flatMap(({ spec }) => spec?.podCIDRs ?? spec?.podCIDR ?? []),
  );
  return {
    ...config,
    ...(podCidrs.length > 0 && { podCidrs }),
    ...(serviceCidrs.length > 0 && { serviceCidrs }),
  };
}

async function unlessAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (thrown) {
    if (apiCode(thrown) === 'api-not-found') return undefined;
    throw thrown;
  }
}

/** The narrowest range of each family that holds the blocks of all nodes. */
function podRanges(blocks: readonly string[]): string[] {
  const prefixes = blocks.flatMap((text) => parsePrefix(text) ?? []);
  return families.flatMap((family) => {
    const [first, ...rest] = prefixes.filter((prefix) => prefix.family === family);
    if (first === undefined) return [];
    const range = rest.reduce<Prefix | undefined>((all, one) => all && commonPrefix(all, one), first);
    return range === undefined ? [] : [formatPrefix(range)];
  });
}
