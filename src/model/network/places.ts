import type { Node } from '../../api/types/core.ts';
import { addressAfter, bitsOf, formatAddress, parseAddress } from '../../lib/address.ts';
import { formatPrefix, parsePrefix, prefixOf, rangeOf } from '../../lib/prefix.ts';
import type { NetworkConfig } from './config.ts';
import type { NodePlace } from './topology.ts';

/** Bits of one node's block of pod addresses: 254 pods fit beside the tunnel address. */
const nodeBlockLength = 24;

/** Where a node is, read from its object; undefined until it has an InternalIP and a pod block. */
export function placeOf(node: Node): NodePlace | undefined {
  const address = node.status?.addresses?.find((entry) => entry.type === 'InternalIP')?.address;
  const podCidr = node.spec?.podCIDR;
  if (address === undefined || podCidr === undefined) return undefined;
  const block = parsePrefix(podCidr);
  if (block === undefined) return undefined;
  return { name: node.metadata.name, address, podCidr, tunnelAddress: formatAddress(block.network) };
}

/** The places of all nodes that have one, by name. */
export function placesOf(nodes: Iterable<Node>): Map<string, NodePlace> {
  const places = new Map<string, NodePlace>();
  for (const node of nodes) {
    const place = placeOf(node);
    if (place !== undefined) places.set(place.name, place);
  }
  return places;
}

/** The pod block of the node with this index, from 0; undefined when the pod range has no such block left. */
export function podBlock(config: Pick<NetworkConfig, 'podCidr'>, index: number): string | undefined {
  const range = parsePrefix(config.podCidr);
  if (range === undefined) return undefined;
  const length = Math.max(nodeBlockLength, range.length);
  const size = 1n << BigInt(bitsOf(range.family) - length);
  const network = addressAfter(range.network, size * BigInt(index));
  if (network === undefined || network.value > rangeOf(range).last.value) return undefined;
  return formatPrefix(prefixOf(network, length));
}

/**
 * The lowest address of the block that `used` does not hold; undefined when the block is full. The first address
 * is the node's tunnel address and the last would look like a broadcast address: neither is ever given to a pod.
 */
export function freePodAddress(podCidr: string, used: { has(address: string): boolean }): string | undefined {
  const block = parsePrefix(podCidr);
  if (block === undefined) return undefined;
  const { first, last } = rangeOf(block);
  for (let value = first.value + 1n; value < last.value; value++) {
    const address = formatAddress({ family: block.family, value });
    if (!used.has(address)) return address;
  }
  return undefined;
}

/** A locally administered MAC address that carries an IPv4 address, as many CNI plug-ins make it. */
export function macOf(address: string): string {
  const value = parseAddress(address)?.value ?? 0n;
  const octets = [24n, 16n, 8n, 0n].map((shift) =>
    Number((value >> shift) & 255n)
      .toString(16)
      .padStart(2, '0'),
  );
  return `0a:58:${octets.join(':')}`;
}
