import { noPorts, unionPorts, type PortSet } from '../../model/policy/port-set.ts';
import type { Front } from '../../model/gateways/route.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import { entityName } from '../reach/groups.ts';
import type { Backend } from './backends.ts';
import { judgeStranger, type StrangerVerdict } from './stranger.ts';
import { followedRoutes, frontName, gatewaysOf, whoPassesOn } from './followed-routes.ts';

/** What somebody whom nobody described may pass on to a workload. */
export interface StrangerRow {
  /** As `frontName`. */
  readonly source: string;
  /** As `entityName`. */
  readonly destination: string;
  /** Key of one of its pods. */
  readonly pod: string;
  readonly ports: PortSet;
  /** On what it depends, where it does. */
  readonly why: string | undefined;
}

/**
 * By front and then workload or pod. Where those that pass requests on are pods of the cluster, their own rows say whom they
 * reach.
 */
export function rowsOfStrangers(index: ClusterIndex, level: 'workload' | 'pod'): StrangerRow[] {
  const rows = new Map<string, StrangerRow>();
  for (const { front, backend, verdict } of waysOfStrangers(index)) {
    const pod = index.cluster.pods.get(backend.pod);
    if (verdict === 'denied' || pod === undefined) continue;
    const [source, destination] = [frontName(front), entityName(backend.pod, pod, level)];
    const known = rows.get(`${source} ${destination}`);
    const { protocol, port } = backend;
    const ports = unionPorts(known?.ports ?? noPorts, [{ protocol, first: port, last: port }]);
    const why = known?.why ?? (verdict === 'unknown' ? whoPassesOn(front) : undefined);
    rows.set(`${source} ${destination}`, { pod: backend.pod, ...known, source, destination, ports, why });
  }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

interface WayOfStranger {
  readonly front: Front;
  readonly backend: Backend & { readonly pod: string };
  readonly verdict: StrangerVerdict['verdict'];
}

function* waysOfStrangers(index: ClusterIndex): Generator<WayOfStranger> {
  for (const { route, backend, pods } of followedRoutes(gatewaysOf(index.cluster))) {
    const { pod } = backend;
    if (pod === undefined || pods.length > 0) continue;
    const { verdict } = judgeStranger(index, { ...backend, pod });
    yield { front: route.front, backend: { ...backend, pod }, verdict };
  }
}
