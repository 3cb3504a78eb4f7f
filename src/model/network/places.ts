import type { Node } from '../../api/types/core.ts';
import {
  addressAfter,
  bitsOf,
  canonicalAddress,
  formatAddress,
  inFamily,
  parseAddress,
} from '../../lib/address.ts';
import { formatPrefix, parsePrefix, prefixOf, rangeOf, type Prefix } from '../../lib/prefix.ts';
import type { NetworkConfig } from './config.ts';
import { modelTraits, type ModelTraits, type NetworkModel } from './models.ts';
import { familyPlaces, type FamilyPlace, type NodePlace } from './topology.ts';

/** Bits of one node's block of pod addresses: 254 pods fit beside the tunnel address with IPv4. */
const nodeBlockLength = { IPv4: 24, IPv6: 64 } as const;

/** Where its operators say that a node is. */
export const zoneLabel = 'topology.kubernetes.io/zone';

const osLabel = 'kubernetes.io/os';

/** Where a node is, read from its object; undefined until it has an InternalIP and a pod block of one family. */
export function placeOf(node: Node, model: NetworkModel): NodePlace | undefined {
  const traits = modelTraits[model];
  const [primary, secondary] = podCidrsOf(node).flatMap(
    (podCidr) => familyPlaceOf(node, podCidr, traits) ?? [],
  );
  if (primary === undefined) return undefined;
  const { [zoneLabel]: zone, [osLabel]: os } = node.metadata.labels ?? {};
  return {
    name: node.metadata.name,
    ...(zone === undefined ? {} : { zone }),
    ...(os === 'windows' ? { os } : {}),
    ...primary,
    ...(secondary === undefined ? {} : { secondary }),
  };
}

/** A node's blocks of the pod ranges; none until it is given some. */
export function podCidrsOf({ spec = {} }: Node): readonly string[] {
  const { podCIDR, podCIDRs = [] } = spec;
  return podCIDRs.length > 0 || podCIDR === undefined ? podCIDRs : [podCIDR];
}

function familyPlaceOf({ status }: Node, podCidr: string, traits: ModelTraits): FamilyPlace | undefined {
  const block = parsePrefix(podCidr);
  const addresses = (status?.addresses ?? [])
    .filter(({ type }) => type === 'InternalIP')
    .map((entry) => canonicalAddress(entry.address));
  const address = block === undefined ? undefined : inFamily(addresses, block.family);
  if (block === undefined || address === undefined) return undefined;
  return { address, podCidr, ...ownPodAddresses(block, traits) };
}

/** The addresses of its pod block that a node keeps for itself. */
export function ownPodAddresses(
  block: Prefix,
  { transport, wiring }: Pick<ModelTraits, 'transport' | 'wiring'>,
): Pick<FamilyPlace, 'tunnelAddress' | 'bridgeAddress'> {
  const { family, value } = block.network;
  return {
    ...(transport.kind === 'vxlan' ? { tunnelAddress: formatAddress(block.network) } : {}),
    ...(wiring.kind === 'bridged' ? { bridgeAddress: formatAddress({ family, value: value + 1n }) } : {}),
  };
}

/** The places of all nodes that have one, by name. */
export function placesOf(nodes: Iterable<Node>, model: NetworkModel): Map<string, NodePlace> {
  const places = new Map<string, NodePlace>();
  for (const node of nodes) {
    const place = placeOf(node, model);
    if (place !== undefined) places.set(place.name, place);
  }
  return places;
}

/**
 * The pod blocks of the node with this index, from 0, one of each range; undefined when one of the ranges has no such
 * block left.
 */
export function podBlocks(
  config: Pick<NetworkConfig, 'podCidrs'>,
  index: number,
): readonly string[] | undefined {
  const blocks = config.podCidrs.flatMap((range) => podBlock(range, index) ?? []);
  return blocks.length === config.podCidrs.length ? blocks : undefined;
}

/** How many nodes there are blocks for. */
export function countPodBlocks({ podCidrs }: Pick<NetworkConfig, 'podCidrs'>): number {
  const ranges = podCidrs.flatMap((text) => parsePrefix(text) ?? []);
  return Math.min(...ranges.map((range) => 2 ** (blockLengthIn(range) - range.length)));
}

const blockLengthIn = ({ family, length }: Prefix): number => Math.max(nodeBlockLength[family], length);

function podBlock(podCidr: string, index: number): string | undefined {
  const range = parsePrefix(podCidr);
  if (range === undefined) return undefined;
  const length = blockLengthIn(range);
  const size = 1n << BigInt(bitsOf(range.family) - length);
  const network = addressAfter(range.network, size * BigInt(index));
  if (network === undefined || network.value > rangeOf(range).last.value) return undefined;
  return formatPrefix(prefixOf(network, length));
}

/**
 * An address of each of the node's blocks for a pod, the primary family's first; undefined when one of the blocks is
 * full.
 */
export function freePodAddresses(
  place: NodePlace,
  used: { has(address: string): boolean },
): readonly string[] | undefined {
  const blocks = familyPlaces(place);
  const free = blocks.flatMap((place) => freePodAddress(place, used) ?? []);
  return free.length === blocks.length ? free : undefined;
}

/** How many pods have an address in the node's blocks: as many as in the smallest of them. */
export function podRoom(place: NodePlace): number {
  const rooms = familyPlaces(place).map(({ podCidr, bridgeAddress }) => {
    const block = parsePrefix(podCidr);
    if (block === undefined) return 0;
    const { first, last } = rangeOf(block);
    const kept = bridgeAddress === undefined ? 2n : 3n;
    return Math.max(0, Number(last.value - first.value + 1n - kept));
  });
  return Math.min(...rooms);
}

/** Whether the node's blocks are as large as they can be, whatever the range. */
export function hasLargestBlocks(place: NodePlace): boolean {
  return familyPlaces(place).every(({ podCidr }) => {
    const block = parsePrefix(podCidr);
    return block !== undefined && block.length <= nodeBlockLength[block.family];
  });
}

/**
 * The lowest address of the node's block that `used` does not hold; undefined when the block is full. The first address
 * is a tunnel's or looks like the block's own, and the last like a broadcast address: neither is ever given to a pod,
 * nor is a bridge's.
 */
export function freePodAddress(
  { podCidr, bridgeAddress }: Pick<FamilyPlace, 'podCidr' | 'bridgeAddress'>,
  used: { has(address: string): boolean },
): string | undefined {
  const block = parsePrefix(podCidr);
  if (block === undefined) return undefined;
  const { first, last } = rangeOf(block);
  for (let value = first.value + 1n; value < last.value; value++) {
    const address = formatAddress({ family: block.family, value });
    if (address !== bridgeAddress && !used.has(address)) return address;
  }
  return undefined;
}

/**
 * A locally administered MAC address that carries an IPv4 address, as many CNI plug-ins make it. Of an IPv6 address
 * the four words are put on top of each other: addresses that differ in one word only have different ones.
 */
export function macOf(address: string): string {
  let value = 0n;
  for (let rest = parseAddress(address)?.value ?? 0n; rest > 0n; rest >>= 32n) value ^= rest & 0xffff_ffffn;
  const octets = [24n, 16n, 8n, 0n].map((shift) =>
    Number((value >> shift) & 255n)
      .toString(16)
      .padStart(2, '0'),
  );
  return `0a:58:${octets.join(':')}`;
}
