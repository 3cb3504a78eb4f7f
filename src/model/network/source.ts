import { familyOf, parseAddress } from '../../lib/address.ts';
import { contains, parsePrefix } from '../../lib/prefix.ts';
import { masqueradeOf, type HostService, type Masquerade, type MasqueradeContext } from './masquerade.ts';
import { placeIn, type FamilyPlace, type NodePlace, type Place } from './topology.ts';

/** A flow as it arrives at `destination`, and whether a Service sent it there. */
export interface SourceQuestion {
  readonly source: Place;
  readonly destination: Place;
  /** What is asked for there; only some services of a machine's host are told apart by it. */
  readonly port?: Pick<HostService, 'port'> & { readonly protocol: string };
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

/** The nodes, and what their network does with addresses. */
export interface SourceNetwork extends MasqueradeContext {
  readonly places: ReadonlyMap<string, NodePlace>;
}

/**
 * The source address that the destination sees. Every masquerade happens in the postrouting hook of one node and takes
 * that node's address towards the outgoing link; a packet for the node itself passes no such hook.
 *
 * - Pod to pod, and to a node's address in the pod range: nobody translates (the first base rule of Kubernetes
 *   networking).
 * - Pod to anything else: the node masquerades, unless its model keeps pods' addresses there (`Masquerade`).
 * - Through a Service: masqueraded when the client is no pod, when it came by a node port or an external address, or
 *   when the client was chosen as its own backend. With externalTrafficPolicy Local what came from outside or from a
 *   pod that way is not, and what came from the node itself is.
 *
 * Undefined when a node is not known. The first of two nodes (a pod using another node's node port) is asked
 * for with the second node as destination; its answer is an external source at the second.
 */
export function sourceSeen(network: SourceNetwork, question: SourceQuestion): string | undefined {
  const { source, destination, service } = question;
  if (source.kind === 'node' && service === undefined)
    return nodeAddressTowards(network, source.node, destination);
  // What a node sends to a Service has its segment's address, until a rule translates it.
  const own =
    source.kind === 'node' ? placeTowards(network, source.node, destination)?.address : source.address;
  const entry = service?.node ?? (source.kind === 'pod' ? source.node : undefined);
  if (entry === undefined || staysOn(entry, destination) || !isMasqueraded(network, question)) return own;
  return nodeAddressTowards(network, entry, destination);
}

/** A node's addresses of the destination's family: packets never change theirs. */
function placeTowards({ places }: SourceNetwork, node: string, { address }: Place): FamilyPlace | undefined {
  return placeIn(places.get(node), familyOf(address));
}

/** Whether the packet ends in the node's own stack, so that no postrouting hook sees it. */
function staysOn(entry: string, destination: Place): boolean {
  return destination.kind === 'node' && destination.node === entry;
}

function isMasqueraded(network: SourceNetwork, question: SourceQuestion): boolean {
  const { source, destination, service } = question;
  const masquerade = masqueradeOf(network, familyOf(destination.address));
  if (service === undefined) return isIn(masquerade.podRanges, source) && !isKept(masquerade, question);
  if (!seesPods(masquerade, destination)) return true;
  if (service.masquerades === true || source.kind === 'node' || source.address === destination.address)
    return true;
  return service.kind === 'cluster-ip' ? !isIn(masquerade.podRanges, source) : service.keepsSource !== true;
}

/** Whether a destination that no Service has chosen sees pods as they are. */
function isKept(masquerade: Masquerade, { destination, port }: SourceQuestion): boolean {
  const isHidden = masquerade.hidden.some(
    (door) =>
      door.address === destination.address && door.protocol === port?.protocol && door.port === port.port,
  );
  return !isHidden && (seesPods(masquerade, destination) || isIn(masquerade.keptDirectly, destination));
}

function seesPods({ kept, podRanges }: Masquerade, destination: Place): boolean {
  return kept === 'everywhere' || isIn(podRanges, destination);
}

/** Whether a node takes whoever has this address for a pod: it does not know who is behind an address. */
export function isTakenForPod(network: MasqueradeContext, address: string): boolean {
  return isIn(masqueradeOf(network, familyOf(address)).podRanges, { address });
}

function isIn(ranges: readonly string[], { address: text }: Pick<Place, 'address'>): boolean {
  const address = parseAddress(text);
  return ranges.some((range) => {
    const prefix = parsePrefix(range);
    return address !== undefined && prefix !== undefined && contains(prefix, address);
  });
}

/**
 * A node's address towards a destination: of its tunnel for what is behind the tunnel, of the bridge for the pods on it,
 * its segment's for all else; to itself it speaks from the address that it speaks to.
 */
function nodeAddressTowards(network: SourceNetwork, node: string, destination: Place): string | undefined {
  const place = placeTowards(network, node, destination);
  if (destination.kind !== 'external' && destination.node === node) {
    return destination.kind === 'node' ? destination.address : (place?.bridgeAddress ?? place?.address);
  }
  return isInPodRange(network, destination) ? (place?.tunnelAddress ?? place?.address) : place?.address;
}

/** Whether it is a pod, or an address that a node has of its own block of the pod range. */
function isInPodRange(network: SourceNetwork, destination: Place): boolean {
  if (destination.kind !== 'node') return destination.kind === 'pod';
  return placeTowards(network, destination.node, destination)?.address !== destination.address;
}
