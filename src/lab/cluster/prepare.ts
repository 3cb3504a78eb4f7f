import { loadBalancerResources, resourceOf, resources } from '../../api/resources.ts';
import { servedResourceOf } from '../../api/served.ts';
import type { Service } from '../../api/types/core.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { writePrivate } from '../../apiserver/credentials/files.ts';
import { kubeconfigOfToken } from '../../client/http/kubeconfig.ts';
import { apiCode } from '../../client/errors.ts';
import { markedClient } from '../../client/marked-client.ts';
import type { Client } from '../../client/port.ts';
import type { ServerAccess } from '../../client/http/options.ts';
import { forEachBounded } from '../../controllers/bounded.ts';
import type { Clock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { sameJson } from '../../lib/same-json.ts';
import { sleep } from '../../lib/sleep.ts';
import { labPoolObjects } from '../../model/load-balancer/lab-pool.ts';
import { wantsAddresses } from '../../model/load-balancer/request.ts';
import { familiesOfNetwork, networkConfigOf } from '../../model/network/config.ts';
import { ensureObjects } from '../ensure.ts';
import { labPlaces, type LabCluster, type LabOptions } from '../options.ts';
import type { LabPaths } from '../paths.ts';
import { addressDefinitions } from '../address-definitions.ts';
import { fabricDefinitions } from '../fabric-definitions.ts';
import { layer2Definitions } from '../layer2-definitions.ts';
import { loadBalancerDefinitions } from '../load-balancer-definitions.ts';
import { policyDefinitions } from '../policy-definitions.ts';
import { clusterObjects } from '../system-objects.ts';
import { accountName, accountObjects, labAccounts, type LabAccount } from './accounts.ts';
import { labMark } from './belongings.ts';
import { nameOfResource } from './belongings.ts';
import { networkDefinition } from './network-definition.ts';
import { nodePolicyObjects } from './node-policy.ts';
import { issueTokens, type TokenFile } from './tokens.ts';

export interface PrepareOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly lab: LabOptions & { readonly cluster: LabCluster };
  /** What is going to be applied: definitions are made of the kinds that are among them. */
  readonly objects: readonly KubernetesObject[];
}

/**
 * Makes on a cluster what a lab needs there, as far as it is not there yet: definitions, the network's configuration,
 * Nodes, the cluster DNS, and the lab's accounts. Rejects as `Client.create`.
 */
export async function prepareCluster({ client, clock, lab, objects }: PrepareOptions): Promise<void> {
  const own = markedClient(client, labMark(lab.cluster.mark));
  const used = kindsUsed({ client, clock, lab, objects });
  await ensureDefinitions(own, clock, used);
  await ensureObjects(own, clusterObjects(labPlaces(lab), lab.config));
  if (wantsLoadBalancers(lab, objects)) await ensurePool(own, lab);
  for (const object of nodePolicyObjects(lab.name)) await applyOver(own, object);
  await forEachBounded(accountsOf(lab), async (account) => {
    // Rules of another version of Weft may be others.
    for (const object of accountObjects(lab.name, account)) await applyOver(own, object);
  });
}

/** The pool that every lab has, in a namespace that has to be there first. */
async function ensurePool(client: Client, { config }: LabOptions): Promise<void> {
  const [namespace, ...pool] = labPoolObjects(familiesOfNetwork(config), config.model);
  await ensureObjects(client, [namespace]);
  await ensureObjects(client, pool);
}

async function applyOver(client: Client, object: KubernetesObject): Promise<void> {
  const resource = servedResourceOf(object);
  if (resource === undefined) throw new Error(`${object.kind} is not served`);
  await client.apply(resource, object, { force: true });
}

function accountsOf({ name, cluster, ...lab }: PrepareOptions['lab']): LabAccount[] {
  const nodes = labPlaces(lab).map((place) => place.name);
  return labAccounts({ lab: name, nodes, hasControllers: cluster.controllers.length > 0 });
}

/** What a person asked for before may be another network: rejects with `cluster-differs`. */
export async function requireSameNetwork(client: Client, { config }: LabOptions): Promise<void> {
  const existing = await client.get(resources.clusternetworks, { name: 'default' });
  if (existing === undefined || sameJson(networkConfigOf(existing), config)) return;
  throw new WeftError('cluster-differs', 'the cluster has a ClusterNetwork that asks for another network', {
    fault: 'input',
    hint: 'see it with: kubectl get clusternetwork default -o yaml',
  });
}

const servedWithinMs = 20_000;
const lookMs = 50;

/** Of the kinds that a lab cannot do without or that are used, those that nobody has defined. */
async function ensureDefinitions(client: Client, clock: Clock, used: ReadonlySet<string>): Promise<void> {
  const optional = [
    ...policyDefinitions(),
    ...loadBalancerDefinitions(),
    ...fabricDefinitions(),
    ...addressDefinitions(),
    ...layer2Definitions(),
  ];
  const all = [networkDefinition(), ...optional.filter(({ metadata }) => used.has(metadata.name))];
  const missing: KubernetesObject[] = [];
  await forEachBounded(all, async (definition) => {
    if (!(await isServed(client, definition))) missing.push(definition);
  });
  await ensureObjects(client, missing);
  const deadline = clock.monotonic() + servedWithinMs;
  for (const definition of missing) {
    while (!(await isServed(client, definition))) {
      if (clock.monotonic() > deadline) throw notServed(definition);
      await sleep(clock, lookMs, new AbortController().signal);
    }
  }
}

/** Names of the definitions of all kinds that are used: those of load balancers where a Service asks for one. */
function kindsUsed({ lab, objects }: PrepareOptions): ReadonlySet<string> {
  const used = new Set(objects.flatMap((object) => resourceOf(object) ?? []).map(nameOfResource));
  const isOfLoadBalancers = Object.values(loadBalancerResources).map(nameOfResource);
  const asks = isOfLoadBalancers.some((name) => used.has(name)) || wantsLoadBalancers(lab, objects);
  return asks ? used.union(new Set(isOfLoadBalancers)) : used;
}

/** Where the lab gives them addresses. */
function wantsLoadBalancers(
  { cluster }: PrepareOptions['lab'],
  objects: readonly KubernetesObject[],
): boolean {
  return (
    cluster.controllers.includes('load-balancer') &&
    objects.some((object) => object.kind === 'Service' && wantsAddresses(object as Service))
  );
}

async function isServed(client: Client, definition: KubernetesObject): Promise<boolean> {
  const { group, names, versions } = (definition as Definition).spec;
  const resource = resourceOf({ apiVersion: `${group}/${versions[0]?.name}`, kind: names.kind });
  if (resource === undefined) throw new Error(`${names.kind} is not known`);
  try {
    await client.list(resource);
    return true;
  } catch (thrown) {
    if (apiCode(thrown) === 'api-not-found') return false;
    throw thrown;
  }
}

interface Definition extends KubernetesObject {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string }[];
  };
}

function notServed({ metadata }: KubernetesObject): WeftError {
  return new WeftError('definition-not-served', `the API server does not serve ${metadata.name}`, {
    fault: 'environment',
    hint: `see why with: kubectl describe crd ${metadata.name}`,
  });
}

/** Files with the tokens of a lab's accounts, by role (`node-NAME` for nodes). */
export function tokenFiles(lab: PrepareOptions['lab'], paths: LabPaths): ReadonlyMap<string, TokenFile> {
  const files = accountsOf(lab).map(({ role, name }): [string, TokenFile] => [
    role,
    { account: name, path: paths.accountToken(name) },
  ]);
  return new Map(files);
}

/** Writes for each of a lab's processes who it is on the cluster. Rejects as `Client.requestToken`. */
export async function writeCredentials(
  { client, lab }: Pick<PrepareOptions, 'client' | 'lab'>,
  paths: LabPaths,
  access: ServerAccess,
): Promise<void> {
  await issueTokens(client, [...tokenFiles(lab, paths).values()]);
  for (const role of ['control', 'agents', 'dns']) {
    const tokenFile = paths.accountToken(accountName(lab.name, role));
    writePrivate(paths.ownKubeconfig(role), kubeconfigOfToken(access, { name: role, tokenFile }));
  }
}
