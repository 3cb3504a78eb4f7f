import { familyOf, parseAddress } from '../../lib/address.ts';
import { contains } from '../../lib/prefix.ts';
import { placeIn } from '../../model/network/topology.ts';
import type { ServiceEndpoint, ServicePortModel } from '../../model/services/port.ts';
import type { Reason } from '../flow.ts';
import type { Walk } from './walk.ts';

/** What the Service rules of a node do to a packet that comes from outside its own stack or from it. */
export type Translation =
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly reason: Reason; readonly why: string }
  | {
      readonly kind: 'chosen';
      readonly service: NonNullable<Walk['service']>;
      readonly endpoints: readonly ServiceEndpoint[];
      readonly reason: Reason;
    };

/**
 * Asks a node's Service rules. A cluster address answers on every node, a node port on the node's own segment
 * addresses only. Rejected: a port without endpoints, and an unknown port of a known cluster address. Dropped: an
 * address of the service range that no Service has.
 */
export function translate({ question, packet }: Walk, node: string): Translation {
  const { index, protocol } = question;
  const { destination, port } = packet;
  if (index.services.isClusterAddress(destination)) {
    const found = index.services.atClusterAddress(destination, protocol, port);
    if (found !== undefined) return chosen(question, found, { kind: 'cluster-ip', node });
    return refused(`Service address ${destination}`, `the Service has no port ${protocol} ${port}`);
  }
  const address = parseAddress(destination);
  if (address !== undefined && index.serviceRanges.some((range) => contains(range, address))) {
    return refused(`Service address ${destination}`, 'no Service has this cluster address');
  }
  const family = familyOf(destination);
  if (placeIn(index.places.get(node), family)?.address !== destination) return { kind: 'none' };
  const found = index.services.atNodePort(family, protocol, port);
  return found === undefined ? { kind: 'none' } : chosen(question, found, { kind: 'node-port', node });
}

function chosen(
  { index, sourceOf }: Walk['question'],
  { service, protocol, port, endpoints }: ServicePortModel,
  by: NonNullable<Walk['service']>,
): Translation {
  const ports = index.cluster.services.get(service)?.spec.ports ?? [];
  const position = ports.findIndex((one) => one.port === port && (one.protocol ?? 'TCP') === protocol);
  const rule = `spec.ports[${position}]`;
  const object = { kind: 'Service', key: service };
  const reason = {
    stage: 'service' as const,
    object: `Service ${service}`,
    rule,
    ...sourceOf?.(object, rule),
  };
  if (endpoints.length === 0) {
    const why = `Service ${service} has no endpoints for this port`;
    return { kind: 'refused', reason: { ...reason, verdict: 'unreachable' }, why };
  }
  return { kind: 'chosen', service: by, endpoints, reason: { ...reason, verdict: 'allowed' } };
}

function refused(object: string, why: string): Translation {
  return { kind: 'refused', why, reason: { stage: 'service', object, rule: why, verdict: 'unreachable' } };
}
