import { canonicalAddress, familyOf, inFamily, parseAddress } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import { contains } from '../../lib/prefix.ts';
import { addressesGivenTo } from '../../model/load-balancer/status.ts';
import { ownAddresses } from '../../model/network/pod-addresses.ts';
import { nodeAddresses, type Place } from '../../model/network/topology.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import type { Flow } from '../flow.ts';

/** An end of a flow at its address, and what the cluster knows about it. */
export interface End {
  readonly address: string;
  /** `Pod a/b`, `Node n`, or the address: how reasons and paths name it. */
  readonly name: string;
  /** Set for a pod with an address of its own. */
  readonly pod: string | undefined;
  /** Undefined for an address of the cluster that nobody has. */
  readonly place: Place | undefined;
}

/**
 * The address that both ends of a flow have of one family: the flow's own one, else the first of the destination's
 * that the source has too. `nothing` is what is missing: any address of the destination (a Service that is only a
 * name), or a family that both have. Throws `unknown-object` or `invalid-address`.
 */
export function addressPair(
  index: ClusterIndex,
  { source, destination, family }: Pick<Flow, 'source' | 'destination' | 'family'>,
): AddressPair | { readonly nothing: 'address' | 'family' } {
  const from = addressesOf(index, source);
  const to = addressesFrom(index, source, destination);
  if (to.length === 0) return { nothing: 'address' };
  for (const address of to) {
    const own = inFamily(from, familyOf(address));
    if (own === undefined || (family !== undefined && familyOf(address) !== family)) continue;
    return { source: own, destination: address };
  }
  return { nothing: 'family' };
}

/** From outside a Service is asked for at its load balancer's addresses, where it has any. */
function addressesFrom(
  index: ClusterIndex,
  source: Flow['source'],
  destination: Flow['destination'],
): readonly string[] {
  if (destination.kind !== 'service' || source.kind !== 'address') return addressesOf(index, destination);
  const isOutside = endAt(index, canonicalAddress(source.address)).place?.kind === 'external';
  const service = isOutside ? index.cluster.services.get(destination.key) : undefined;
  const balanced = service === undefined ? [] : addressesGivenTo(service);
  return balanced.length > 0 ? balanced : addressesOf(index, destination);
}

export interface AddressPair {
  readonly source: string;
  readonly destination: string;
}

/** All addresses of an end, the primary one first; none for a Service that is only a name. */
export function addressesOf(index: ClusterIndex, end: Flow['destination']): readonly string[] {
  if (end.kind === 'service') return serviceAddresses(index, end.key);
  if (end.kind === 'node') return addressesOfNode(index, end.name);
  if (end.kind === 'domain') return index.cluster.domains?.get(end.name) ?? [];
  if (end.kind === 'pod') return addressesOfPod(index, end.key);
  const texts = [end.address, ...(end.alternative === undefined ? [] : [end.alternative])];
  for (const text of texts) {
    if (parseAddress(text) !== undefined) continue;
    throw new WeftError('invalid-address', `${JSON.stringify(text)} is not an IP address`, {
      fault: 'input',
    });
  }
  return texts.map(canonicalAddress);
}

function serviceAddresses({ cluster }: ClusterIndex, key: string): readonly string[] {
  const service = cluster.services.get(key);
  if (service === undefined) throw unknownObject('Service', key);
  const { clusterIP = '', clusterIPs = [clusterIP] } = service.spec;
  return clusterIPs.filter((address) => address !== 'None' && address !== '').map(canonicalAddress);
}

/** A pod on the host network has its node's addresses. */
function addressesOfPod(index: ClusterIndex, key: string): readonly string[] {
  const pod = index.cluster.pods.get(key);
  if (pod === undefined) throw unknownObject('Pod', key);
  const { hostNetwork, nodeName } = pod.spec;
  const own = ownAddresses(pod);
  if (own.length > 0) return own;
  if (hostNetwork === true && nodeName !== undefined) return addressesOfNode(index, nodeName);
  throw unknownObject('address of Pod', key);
}

function addressesOfNode(index: ClusterIndex, name: string): readonly string[] {
  const place = index.places.get(name);
  if (place === undefined) throw unknownObject('Node', name);
  return nodeAddresses(place);
}

/** The source of a flow, at its address. Throws `unknown-source` where the cluster says that nobody has it. */
export function sourceEnd(index: ClusterIndex, address: string): End {
  const end = endAt(index, address);
  if (end.place === undefined) {
    throw new WeftError('unknown-source', `nobody in the cluster has the address ${end.address}`, {
      fault: 'input',
    });
  }
  return end;
}

function unknownObject(kind: string, key: string): WeftError {
  return new WeftError('unknown-object', `the cluster has no ${kind} ${key}`, {
    fault: 'input',
    hint: 'check the name, and that the manifests hold it',
  });
}

/** Whoever has the address. */
export function endAt(index: ClusterIndex, address: string): End {
  const podKey = index.podAt.get(address);
  if (podKey !== undefined) {
    const node = index.cluster.pods.get(podKey)?.spec.nodeName ?? '';
    return { address, name: `Pod ${podKey}`, pod: podKey, place: { kind: 'pod', address, node } };
  }
  const node = index.nodeAt.get(address);
  if (node !== undefined)
    return { address, name: `Node ${node}`, pod: undefined, place: { kind: 'node', address, node } };
  const place = isClusterRange(index, address) ? undefined : ({ kind: 'external', address } as const);
  return { address, name: address, pod: undefined, place };
}

/** Whether the address is one of those that the cluster gives out. */
function isClusterRange({ podRanges, serviceRanges }: ClusterIndex, text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && [...podRanges, ...serviceRanges].some((range) => contains(range, address));
}
