import { families, familyOf, type Family } from '../../lib/address.ts';

/** Name of a node's link to its segment. */
export const nodeLink = 'eth0';

/** Where a node is in one address family. */
export interface FamilyPlace {
  /** Address on the node segment. */
  readonly address: string;
  /** The node's block of pod addresses. */
  readonly podCidr: string;
  /** Address of the node's VXLAN device, the first of its pod block; absent in models without tunnels. */
  readonly tunnelAddress?: string;
  /** Address of the bridge that the node's pods hang on, the first that a pod could have; absent where none does. */
  readonly bridgeAddress?: string;
}

/**
 * Where nodes and pods are, in the addresses of the chosen network model. Filled from Node objects and configuration.
 * The addresses of the primary family are the place's own.
 */
export interface NodePlace extends FamilyPlace {
  readonly name: string;
  /** Label `topology.kubernetes.io/zone` of the node. */
  readonly zone?: string;
  /** Label `kubernetes.io/os` of the node, where that is not Linux. */
  readonly os?: 'windows';
  /** The other family's, in a dual-stack cluster. */
  readonly secondary?: FamilyPlace;
}

/** Where the node is in each family that it has, the primary one first. */
export function familyPlaces(place: NodePlace): FamilyPlace[] {
  return place.secondary === undefined ? [place] : [place, place.secondary];
}

/** The families that the node has, the primary one first. */
export function placeFamilies(place: NodePlace): Family[] {
  return familyPlaces(place).map(({ address }) => familyOf(address));
}

/** Where the node is in this family; undefined when it has no address there. */
export function placeIn(place: NodePlace | undefined, family: Family): FamilyPlace | undefined {
  return place === undefined
    ? undefined
    : familyPlaces(place).find(({ address }) => familyOf(address) === family);
}

/** Addresses of the nodes' own segment, the primary one first. */
export function nodeAddresses(place: NodePlace): string[] {
  return familyPlaces(place).map(({ address }) => address);
}

/** All addresses that the node has itself in one family: of its segment first. */
export function familyAddresses({ address, tunnelAddress, bridgeAddress }: FamilyPlace): string[] {
  return [address, tunnelAddress, bridgeAddress].filter((one) => one !== undefined);
}

/** All addresses that the node has itself. */
export function everyNodeAddress(place: NodePlace): string[] {
  return familyPlaces(place).flatMap(familyAddresses);
}

/** The node's address that carries its tunnels: IPv4 wherever the node has it. */
export function underlayAddress(place: NodePlace): string {
  return families.map((family) => placeIn(place, family)?.address).find(Boolean) ?? place.address;
}

/** An end of a flow: a pod on a node, a node at one of its addresses, or an address outside the cluster. */
export type Place =
  | { readonly kind: 'pod'; readonly address: string; readonly node: string }
  | { readonly kind: 'node'; readonly address: string; readonly node: string }
  | { readonly kind: 'external'; readonly address: string };
