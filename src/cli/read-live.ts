import { selectsByLabel } from '../analysis/ungiven-namespaces.ts';
import type { NetworkPolicy } from '../api/types/network.ts';
import { readPart, type Unread } from '../lab/cluster/read-part.ts';
import type { Cluster } from '../model/cluster.ts';
import { systemClock } from '../lib/clock.ts';
import { within } from '../lib/within.ts';
import type { CliEnvironment, ClusterAddress } from './environment.ts';
import type { WorldProblem } from './world-problem.ts';

/** How long a cluster may take to tell everything. */
const answerMs = 60_000;

/** A cluster as the user of a kubeconfig sees it, read once and not changed, and what he may not see. */
export async function readLive(
  env: Pick<CliEnvironment, 'openCluster'>,
  at: ClusterAddress,
): Promise<{ readonly cluster: Cluster; readonly unread: readonly WorldProblem[] }> {
  const door = await env.openCluster(at);
  const { server } = door.access;
  try {
    const { cluster, unread } = await within(systemClock, { what: server, ms: answerMs }, readPart(door));
    const policies = [...cluster.networkPolicies.values()];
    return { cluster, unread: unread.flatMap((one) => problemsOf(one, server, policies)) };
  } finally {
    await door.client.close();
  }
}

/** What is in doubt without objects that could not be read: policies decide, and what selects pods for them. */
function problemsOf(
  { what, namespace }: Unread,
  server: string,
  policies: readonly NetworkPolicy[],
): WorldProblem[] {
  const where = namespace === undefined ? '' : ` of namespace ${namespace}`;
  const told = { place: server, what: `this user may not list ${what}${where}` };
  if (what === 'networkpolicies' && namespace !== undefined) return [{ ...told, doubtIn: { namespace } }];
  if (clusterPolicies.has(what)) return [{ ...told, doubtIn: 'everywhere' }];
  const unseenIn = namespace === undefined ? 'everywhere' : { namespace };
  if (what !== 'namespaces')
    return [{ ...told, doubtIn: 'nothing', ...(selected.has(what) && { unseenIn }) }];
  const asking = new Set(
    policies.filter(selectsByLabel).map(({ metadata }) => metadata.namespace ?? 'default'),
  );
  const others = `${told.what}, so that others than his own are not in the answer`;
  if (asking.size === 0) return [{ ...told, what: others, doubtIn: 'nothing', unseenIn }];
  return [...asking].map((one) => ({
    ...told,
    what: `${others}, and by whose labels policies of ${one} select`,
    doubtIn: { namespace: one },
    unseenIn,
  }));
}

/** Kinds whose objects are ends of connections, or lead there. */
const selected: ReadonlySet<string> = new Set(['pods', 'services', 'endpointslices']);

const clusterPolicies: ReadonlySet<string> = new Set([
  'clusternetworkpolicies',
  'adminnetworkpolicies',
  'baselineadminnetworkpolicies',
]);
