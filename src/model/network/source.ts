import { familyOf } from '../../lib/address.ts';
import { placeIn, type FamilyPlace, type NodePlace, type Place } from './topology.ts';

/** A flow as it arrives at `destination`, and whether a Service sent it there. */
export interface SourceQuestion {
  readonly source: Place;
  readonly destination: Place;
  /** Set when a Service's rules chose the destination, with the node whose rules did. */
  readonly service?: ServiceHop;
}

/** A Service's rules, which chose where a packet goes. */
export interface ServiceHop {
  /** `node-port` stands for external addresses too. */
  readonly kind: 'cluster-ip' | 'node-port';
  readonly node: string;
  /** Whether whoever came from outside is seen as it is: externalTrafficPolicy Local. */
  readonly keepsSource?: boolean;
  /** Whether the nodes put their own address into everything (`masqueradeAll`). */
  readonly masquerades?: boolean;
}

/**
 * The source address that the destination sees, in the `calico` model. Every masquerade happens in the
 * postrouting hook of one node and takes that node's address towards the outgoing link; a packet for the node
 * itself passes no such hook.
 *
 * - Pod to pod, and to a node's tunnel address, which is one of the pod range: nobody translates (the first base
 *   rule of Kubernetes networking).
 * - Pod to anything outside the pod range: the node masquerades.
 * - Through a Service: masqueraded when the client is no pod, when it came by a node port or an external address, or
 *   when the client was chosen as its own backend. With externalTrafficPolicy Local what came from outside or from a
 *   pod that way is not, and what came from the node itself is.
 *
 * Undefined when a node is not known. The first of two nodes (a pod using another node's node port) is asked
 * for with the second node as destination; its answer is an external source at the second.
 */
export function sourceSeen(places: Places, question: SourceQuestion): string | undefined {
  const { source, destination, service } = question;
  if (source.kind === 'node' && service === undefined)
    return nodeAddressTowards(places, source.node, destination);
  // What a node sends to a Service has its segment's address, until a rule translates it.
  const own =
    source.kind === 'node' ? placeTowards(places, source.node, destination)?.address : source.address;
  const entry = service?.node ?? (source.kind === 'pod' ? source.node : undefined);
  if (entry === undefined || staysOn(entry, destination) || !isMasqueraded(places, question)) return own;
  return nodeAddressTowards(places, entry, destination);
}

type Places = ReadonlyMap<string, NodePlace>;

/** A node's addresses of the destination's family: packets never change theirs. */
function placeTowards(places: Places, node: string, { address }: Place): FamilyPlace | undefined {
  return placeIn(places.get(node), familyOf(address));
}

/** Whether the packet ends in the node's own stack, so that no postrouting hook sees it. */
function staysOn(entry: string, destination: Place): boolean {
  return destination.kind === 'node' && destination.node === entry;
}

function isMasqueraded(places: Places, { source, destination, service }: SourceQuestion): boolean {
  if (!isInPodRange(places, destination)) return service !== undefined || source.kind === 'pod';
  if (service === undefined) return false;
  if (service.masquerades === true || source.kind === 'node' || source.address === destination.address)
    return true;
  return service.kind === 'cluster-ip' ? source.kind !== 'pod' : service.keepsSource !== true;
}

function isInPodRange(places: Places, destination: Place): boolean {
  if (destination.kind !== 'node') return destination.kind === 'pod';
  return placeTowards(places, destination.node, destination)?.tunnelAddress === destination.address;
}

/**
 * A node's address towards a destination: of its tunnel for what is behind the tunnel, its segment's for all
 * else; to itself it speaks from the address that it speaks to.
 */
function nodeAddressTowards(places: Places, node: string, destination: Place): string | undefined {
  const place = placeTowards(places, node, destination);
  if (destination.kind !== 'external' && destination.node === node) {
    return destination.kind === 'node' ? destination.address : place?.address;
  }
  return isInPodRange(places, destination) ? place?.tunnelAddress : place?.address;
}
