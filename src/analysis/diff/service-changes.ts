import type { Cluster } from '../../model/cluster.ts';
import { workloadOf } from '../../model/workloads/workload-of.ts';
import { clusterDnsService } from '../cluster-dns.ts';
import { indexOf } from '../cluster-index.ts';
import { changeOf, type Change } from './change.ts';

/** A port of a Service that leads elsewhere than before. */
export interface ServiceChange {
  readonly change: Change;
  /** `namespace/name` */
  readonly service: string;
  /** `TCP 80` */
  readonly port: string;
  /** `shop/web[Deployment]:8080`, or an address with its port; sorted. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Why it may not be so, where something could not be read. */
  readonly doubt?: string;
}

/** Where the ports of Services lead, before and after; by Service and port. */
export function serviceChanges(before: Cluster, after: Cluster): ServiceChange[] {
  const [old, now] = [leadsOf(before), leadsOf(after)];
  const keys = [...new Set([...old.keys(), ...now.keys()])].sort();
  return keys.flatMap((key) => {
    const [service = '', port = ''] = key.split(' : ');
    const [was, is] = [old.get(key) ?? [], now.get(key) ?? []];
    if (was.join() === is.join() && old.has(key) === now.has(key)) return [];
    return [{ change: changeOf(old.has(key), now.has(key)), service, port, before: was, after: is }];
  });
}

/** By `SERVICE : PORT`. */
function leadsOf(cluster: Cluster): Map<string, string[]> {
  const { services } = indexOf(cluster);
  const leads = new Map<string, string[]>();
  for (const key of cluster.services.keys()) {
    if (key === clusterDnsService || key === 'default/kubernetes') continue;
    for (const { protocol, port, endpoints } of services.portsOf(key)) {
      const name = `${key} : ${protocol} ${port}`;
      const ends = endpoints.map((endpoint) => endOf(cluster, endpoint));
      leads.set(name, [...new Set([...(leads.get(name) ?? []), ...ends])].sort());
    }
  }
  return leads;
}

function endOf(
  { pods }: Cluster,
  {
    pod,
    address,
    port,
  }: { readonly pod: string | undefined; readonly address: string; readonly port: number },
): string {
  const found = pod === undefined ? undefined : pods.get(pod);
  if (found === undefined) return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  const { namespace, name, kind } = workloadOf(found);
  return `${namespace}/${name}[${kind}]:${port}`;
}
