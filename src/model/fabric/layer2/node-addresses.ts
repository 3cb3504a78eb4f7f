import type { Node } from '../../../api/types/core.ts';
import type { AddressHolder, Segment } from '../../../api/types/layer2.ts';
import { canonicalAddress, inFamily, parseAddress, type Family } from '../../../lib/address.ts';
import { contains, parseRange, type AddressRange } from '../../../lib/prefix.ts';
import {
  isMachineOfCluster,
  labAddressesOf,
  labNodeAddress,
  mostNodesOfCluster,
} from '../../network/lab-addresses.ts';
import { nodeSegment } from '../default-fabric.ts';
import type { AddressDemand } from './demands.ts';
import { domainsOf, type AddressDomain } from './domains.ts';

/** Pools of the nodes' segment with a meaning of their own. */
export const nodePool = 'nodes';
export const balancedPool = 'load-balancers';

/** What claims say of the nodes' segment. */
export const nodeDomain = `Segment/${nodeSegment}`;

/** The link of a node's machine on the nodes' segment, as claims name it. */
const nodeInterface = 'eth0';

/** Which cluster of a lab somebody is of. */
export interface ClusterPlace {
  /** Of a further cluster; none for the first, whose segment it is. */
  readonly cluster?: string;
  readonly ordinal: number;
}

/**
 * Where the address of a node comes from: the pool `nodes` of the nodes' segment, or its DHCP range. Without either it is
 * the one that the node has, which its lab was made with or an operator gave it.
 */
export type NodeAddressSource =
  | { readonly kind: 'range'; readonly range: AddressRange; readonly of: string }
  | { readonly kind: 'own' };

/** Reads it from the Segment `default`. */
export function nodeAddressSource(segment: Segment | undefined): NodeAddressSource {
  const { dhcp, pools = [], nodeAddresses } = segment?.spec ?? {};
  const pool = pools.find(({ name }) => name === nodePool);
  const text = nodeAddresses === 'DHCP' ? dhcp?.range : pool?.range;
  const range = text === undefined ? undefined : parseRange(text);
  if (range === undefined) return { kind: 'own' };
  return { kind: 'range', range, of: nodeAddresses === 'DHCP' ? 'DHCP range' : `pool ${nodePool}` };
}

/** The range that Services of type LoadBalancer have their addresses of, where the Segment `default` says one. */
export function balancedRange(segment: Segment | undefined): string | undefined {
  return segment?.spec?.pools?.find(({ name }) => name === balancedPool)?.range;
}

/** The node's address of the family, as its object says. */
export function ownAddressOf({ status }: Node, family: Family): string | undefined {
  const addresses = (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP');
  return inFamily(
    addresses.map(({ address }) => canonicalAddress(address)),
    family,
  );
}

/** A node, as whoever has an address. */
export function nodeHolder(name: string, cluster: string | undefined): AddressHolder {
  return { kind: 'Node', name, interface: nodeInterface, ...(cluster !== undefined && { cluster }) };
}

/** The nodes' segment as claims see it. */
export function nodeDomainOf(segment: Segment | undefined): AddressDomain | undefined {
  return domainsOf(segment === undefined ? [] : [segment], []).byKey.get(nodeDomain);
}

/**
 * What a node asks for, the best first: what it has, as long as that is of where its address comes from, else any of
 * there.
 */
export function demandsOfNode(
  node: Node,
  segment: Segment | undefined,
  { cluster }: ClusterPlace,
): readonly AddressDemand[] {
  const [source, domain] = [nodeAddressSource(segment), nodeDomainOf(segment)];
  if (domain === undefined) return [];
  const holder = nodeHolder(node.metadata.name, cluster);
  const own = ownAddressOf(node, source.kind === 'range' ? source.range.first.family : 'IPv4');
  const kept = own === undefined ? [] : [{ domain, holder, want: { address: own } }];
  // Nodes elsewhere are nobody's business here.
  if (source.kind === 'own') return own !== undefined && isOn(domain, own) ? kept : [];
  const { range, of } = source;
  const isOfRange = own !== undefined && isWithin(range, own);
  return [...(isOfRange ? kept : []), { domain, holder, want: { range, of } }];
}

function isOn({ prefix }: AddressDomain, text: string): boolean {
  const address = parseAddress(text);
  return prefix !== undefined && address !== undefined && contains(prefix, address);
}

/** Whether the range has the address. */
export function isWithin({ first, last }: AddressRange, text: string): boolean {
  const address = parseAddress(text);
  return address?.family === first.family && first.value <= address.value && address.value <= last.value;
}

/**
 * Addresses of the nodes' segment that are given to nobody: those of the router and of the API servers, which never
 * change, and those at which the machines of each cluster's nodes are made. Of the latter every machine may have its own.
 */
export function isLabsOwn(address: string, { kind, name }: AddressHolder, ordinal: number): boolean {
  if (!isFixed(address)) return false;
  return !(kind === 'Node' && homesOf(name, ordinal).includes(address));
}

const families = ['IPv4', 'IPv6'] as const;

function isFixed(address: string): boolean {
  return families.some((family) => labAddressesOf[family].router === address) || isMachineOfCluster(address);
}

/** Where the machine of a lab's node is made. */
function homesOf(name: string, ordinal: number): string[] {
  const number = Number(/^node-(\d+)$/.exec(name)?.[1] ?? Number.NaN);
  if (!(number >= 1 && number <= mostNodesOfCluster)) return [];
  return families.map((family) => labNodeAddress(number - 1, family, ordinal));
}
