import type { Pod } from '../../api/types/core.ts';
import { parseAddress } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import { contains } from '../../lib/prefix.ts';
import type { Place } from '../../model/network/topology.ts';
import { ownAddressesOf, type ClusterIndex } from '../cluster-index.ts';
import type { Flow, FlowEnd } from '../flow.ts';

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

/** The source of a flow. Throws `unknown-object` when the cluster has no such pod or node, or it has no address. */
export function sourceEnd(index: ClusterIndex, source: FlowEnd): End {
  const end = endAt(index, addressOf(index, source));
  if (end.place === undefined) {
    throw new WeftError('unknown-source', `nobody in the cluster has the address ${end.address}`, {
      fault: 'input',
    });
  }
  return end;
}

/** The address that the source asks for. Throws `unknown-object`; undefined for a Service without an address. */
export function destinationAddress(
  index: ClusterIndex,
  destination: Flow['destination'],
): string | undefined {
  if (destination.kind !== 'service') return addressOf(index, destination);
  const service = index.cluster.services.get(destination.key);
  if (service === undefined) throw unknownObject('Service', destination.key);
  return service.spec.clusterIP === 'None' || service.spec.clusterIP === ''
    ? undefined
    : service.spec.clusterIP;
}

function addressOf(index: ClusterIndex, end: FlowEnd): string {
  if (end.kind === 'node') return nodeAddress(index, end.name);
  if (end.kind === 'pod') {
    const pod = index.cluster.pods.get(end.key);
    if (pod === undefined) throw unknownObject('Pod', end.key);
    const address = addressOfPod(index, pod);
    if (address === undefined) throw unknownObject('address of Pod', end.key);
    return address;
  }
  if (parseAddress(end.address) === undefined) {
    throw new WeftError('invalid-address', `${JSON.stringify(end.address)} is not an IP address`, {
      fault: 'input',
    });
  }
  return end.address;
}

/** A pod on the host network has its node's address. */
function addressOfPod(index: ClusterIndex, pod: Pod): string | undefined {
  if (pod.spec.hostNetwork !== true) return ownAddressesOf(pod)[0];
  return pod.spec.nodeName === undefined ? undefined : nodeAddress(index, pod.spec.nodeName);
}

function nodeAddress(index: ClusterIndex, name: string): string {
  const place = index.places.get(name);
  if (place === undefined) throw unknownObject('Node', name);
  return place.address;
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
function isClusterRange({ podRange, serviceRange }: ClusterIndex, text: string): boolean {
  const address = parseAddress(text);
  return (
    address !== undefined &&
    [podRange, serviceRange].some((range) => range !== undefined && contains(range, address))
  );
}
