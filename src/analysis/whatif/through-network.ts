import type { NetworkSecurityGroup, RouteTable, SecurityRule } from '../../api/types/fabric.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { Barrier } from '../flow.ts';
import { objectAt, type Edit } from './edit.ts';

const protocols = { TCP: 'Tcp', UDP: 'Udp', SCTP: 'Any', ICMP: 'Icmp' } as const;
const [lowest, highest] = [100, 4096];

/**
 * What lets a flow past what it ends at in a virtual network: a rule for just this flow before the one that denies, or without
 * the route that leads nowhere. Undefined where there is no priority left before the rule.
 */
export function networkEdit(cluster: Cluster, barrier: Barrier): Edit | undefined {
  const { kind, name: key } = barrier;
  const object = objectAt(cluster, kind, key);
  if (object === undefined) return undefined;
  if (kind === 'RouteTable') {
    // What has the kind is of the kind's type; likewise below.
    const value = (object as RouteTable).spec.routes?.[barrier.index];
    return { action: 'remove', kind, key, path: `spec.routes[${barrier.index}]`, value };
  }
  const { direction, protocol, source, destination, port } = barrier;
  const taken = new Set(
    ((object as NetworkSecurityGroup).spec.rules ?? [])
      .filter((rule) => rule.direction === direction)
      .map(({ priority }) => priority),
  );
  let priority = Math.min(barrier.priority - 1, highest);
  while (taken.has(priority)) priority -= 1;
  if (priority < lowest) return undefined;
  const value: SecurityRule = {
    name: `allow-${direction.toLowerCase()}-${priority}`,
    priority,
    direction,
    access: 'Allow',
    protocol: protocols[protocol],
    sources: [source],
    destinations: [destination],
    ...(protocol !== 'ICMP' && { destinationPorts: [String(port)] }),
  };
  return { action: 'add', kind, key, path: 'spec.rules', value };
}
