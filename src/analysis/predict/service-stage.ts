import type { Service } from '../../api/types/core.ts';
import { familyOf, parseAddress } from '../../lib/address.ts';
import { contains } from '../../lib/prefix.ts';
import { isTakenForPod, type ServiceHop } from '../../model/network/source.ts';
import { nodeAddresses } from '../../model/network/topology.ts';
import { choose, type Arrival } from '../../model/services/choose.ts';
import { admittedRanges, isInRanges } from '../../model/services/guard.ts';
import { nodePortAddresses } from '../../model/services/node-port-addresses.ts';
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
 * Asks a node's Service rules. A cluster address answers on every node, and so does an external one; a node port on the
 * node's own segment addresses only. Rejected: a port without endpoints, and an unknown port of a known cluster
 * address or of a load balancer's that the cluster gave. Dropped: an address of the service range that no Service has, what a traffic policy keeps on a node without
 * endpoints, and whoever a load balancer's address does not admit.
 */
export function translate(walk: Walk, node: string): Translation {
  const { question, packet } = walk;
  const { index, protocol } = question;
  const { destination, port } = packet;
  // Nobody translates what has no ports: `predict` is not asked about Services' addresses then.
  if (protocol === 'other') return { kind: 'none' };
  if (index.services.isClusterAddress(destination)) {
    const found = index.services.atClusterAddress(destination, protocol, port);
    if (found !== undefined) return chosen(walk, found, { by: 'cluster-ip', node });
    return refused(`Service address ${destination}`, `the Service has no port ${protocol} ${port}`);
  }
  const address = parseAddress(destination);
  if (address !== undefined && index.serviceRanges.some((range) => contains(range, address))) {
    return refused(`Service address ${destination}`, 'no Service has this cluster address');
  }
  const external = index.services.atExternalAddress(destination, protocol, port);
  if (external !== undefined) {
    return keptOut(walk, external, node) ?? chosen(walk, external, { by: 'external', node });
  }
  if (index.services.isPooledAddress(destination)) {
    return refused(
      `Load balancer address ${destination}`,
      `no Service has port ${protocol} ${port} at ${destination}`,
    );
  }
  const place = index.places.get(node);
  const own = place === undefined ? [] : nodeAddresses(place);
  const doors = nodePortAddresses({ primary: own, all: own }, index.cluster.config.nodePortAddresses);
  if (!doors.includes(destination)) return { kind: 'none' };
  const found = index.services.atNodePort(familyOf(destination), protocol, port);
  return found === undefined ? { kind: 'none' } : chosen(walk, found, { by: 'external', node });
}

/** Refused by the ranges that guard a load balancer's address; undefined when the source may come. */
function keptOut({ question, packet }: Walk, port: ServicePortModel, node: string): Translation | undefined {
  const guard = port.guarded.find(({ address }) => address === packet.destination);
  const place = question.index.places.get(node);
  if (guard === undefined) return undefined;
  const own = place === undefined ? [] : nodeAddresses(place);
  if (isInRanges(admittedRanges(guard, own), packet.source)) return undefined;
  const why = `Service ${port.service} does not admit ${packet.source}`;
  return {
    kind: 'refused',
    why,
    reason: reasonOf(question, port, 'spec.loadBalancerSourceRanges', 'unreachable'),
  };
}

function chosen(
  { question, sender, packet }: Walk,
  port: ServicePortModel,
  { by, node }: { readonly by: Arrival['by']; readonly node: string },
): Translation {
  const { index } = question;
  const { service, externalPolicy } = port;
  const chooser = { name: node, zone: index.places.get(node)?.zone };
  const isFromInside = sender.kind !== 'external' || isTakenForPod(index.sources, packet.source);
  const choice = choose(port, chooser, { by, isFromInside });
  const rule = `spec.ports[${positionOf(index.cluster.services.get(service), port)}]`;
  if (choice.kind === 'reject') {
    const why = `Service ${service} has no endpoints for this port`;
    return { kind: 'refused', reason: reasonOf(question, port, rule, 'unreachable'), why };
  }
  if (choice.kind === 'drop') {
    const policy = by === 'cluster-ip' ? 'spec.internalTrafficPolicy' : 'spec.externalTrafficPolicy';
    const why = `Service ${service} keeps this on Node ${node}, which has no endpoint of it`;
    return { kind: 'refused', reason: reasonOf(question, port, policy, 'unreachable'), why };
  }
  const hop: ServiceHop = {
    kind: by === 'cluster-ip' ? 'cluster-ip' : 'node-port',
    node,
    keepsSource: externalPolicy === 'Local',
    masquerades: index.cluster.config.masqueradeAll,
  };
  return {
    kind: 'chosen',
    service: hop,
    endpoints: choice.endpoints,
    reason: reasonOf(question, port, rule, 'allowed'),
  };
}

function positionOf(service: Service | undefined, { port, protocol }: ServicePortModel): number {
  const ports = service?.spec.ports ?? [];
  return ports.findIndex((one) => one.port === port && (one.protocol ?? 'TCP') === protocol);
}

function reasonOf(
  { sourceOf }: Walk['question'],
  { service }: ServicePortModel,
  rule: string,
  verdict: Reason['verdict'],
): Reason {
  const source = sourceOf?.({ kind: 'Service', key: service }, rule);
  return { stage: 'service', object: `Service ${service}`, rule, verdict, ...source };
}

function refused(object: string, why: string): Translation {
  return { kind: 'refused', why, reason: { stage: 'service', object, rule: why, verdict: 'unreachable' } };
}
