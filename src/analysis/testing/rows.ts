import type { Cluster } from '../../model/cluster.ts';
import type { PortSet } from '../../model/policy/port-set.ts';
import type { ReachEnd } from '../reach/answer.ts';
import type { ReachOptions } from '../reach/options.ts';
import { addReach } from '../reach/reach.ts';

/** What may pass from one end to another. */
export interface Row {
  readonly source: ReachEnd;
  readonly destination: ReachEnd;
  readonly ports: PortSet;
}

/** The ports of rows between ends that have names, by `SOURCE DESTINATION`. */
export function rowsByName(cluster: Cluster): Map<string, PortSet> {
  return new Map(
    rowsOf(cluster).flatMap(({ source, destination, ports }) =>
      typeof source === 'string' && typeof destination === 'string'
        ? [[`${source} ${destination}`, ports]]
        : [],
    ),
  );
}

/** The rows between pods, as they are told; also those without ports. */
export function rowsOf(cluster: Cluster, options: Omit<ReachOptions, 'level'> = {}): Row[] {
  const rows: Row[] = [];
  const add = (source: ReachEnd, destination: ReachEnd, ports: PortSet): void => {
    rows.push({ source, destination, ports });
  };
  addReach({ add }, cluster, { ...options, level: 'pod' });
  return rows;
}
