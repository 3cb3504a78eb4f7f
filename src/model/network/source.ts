import type { NodePlace, Place } from './topology.ts';

/** A flow as it arrives at `destination`, and whether a Service sent it there. */
export interface SourceQuestion {
  readonly source: Place;
  readonly destination: Place;
  /** Set when a Service's rules chose the destination, with the node whose rules did. */
  readonly service?: { readonly kind: 'cluster-ip' | 'node-port'; readonly node: string };
}

/**
 * The source address that the destination sees, in the `calico` model. Every masquerade happens in the
 * postrouting hook of one node and takes that node's address towards the outgoing link; a packet for the node
 * itself passes no such hook.
 *
 * - Pod to pod: nobody translates (the first base rule of Kubernetes networking).
 * - Pod to anything outside the pod range: the node masquerades.
 * - Through a Service: masqueraded when the client is no pod, when it came by node port (externalTrafficPolicy
 *   Cluster), or when the client was chosen as its own backend.
 *
 * Undefined when a node is not known. The first of two nodes (a pod using another node's node port) is asked
 * for with the second node as destination; its answer is an external source at the second.
 */
export function sourceSeen(
  places: ReadonlyMap<string, NodePlace>,
  { source, destination, service }: SourceQuestion,
): string | undefined {
  const own = ownAddress(places, source, destination);
  const entry = service?.node ?? (source.kind === 'external' ? undefined : source.node);
  if (entry === undefined || staysOn(entry, destination)) return own;
  if (!isMasqueraded({ source, destination, service })) return own;
  return nodeAddressTowards(places, entry, destination);
}

/** Whether the packet ends in the node's own stack, so that no postrouting hook sees it. */
function staysOn(entry: string, destination: Place): boolean {
  return destination.kind === 'node' && destination.node === entry;
}

function isMasqueraded({
  source,
  destination,
  service,
}: Omit<SourceQuestion, 'service'> & { service: SourceQuestion['service'] }): boolean {
  if (service === undefined) return source.kind === 'pod' && destination.kind !== 'pod';
  if (source.kind !== 'pod' || service.kind === 'node-port') return true;
  if (destination.kind !== 'pod') return true;
  return source.address === destination.address;
}

/** The address that the sender itself chooses: routing picks the tunnel's for pods of other nodes. */
function ownAddress(
  places: ReadonlyMap<string, NodePlace>,
  source: Place,
  destination: Place,
): string | undefined {
  return source.kind === 'node' ? nodeAddressTowards(places, source.node, destination) : source.address;
}

/** A node's address towards a destination: of its tunnel for pods elsewhere, its primary one for all else. */
export function nodeAddressTowards(
  places: ReadonlyMap<string, NodePlace>,
  node: string,
  destination: Place,
): string | undefined {
  const place = places.get(node);
  return destination.kind === 'pod' && destination.node !== node ? place?.tunnelAddress : place?.address;
}
