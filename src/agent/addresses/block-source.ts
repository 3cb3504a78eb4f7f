import { parseAddress } from '../../lib/address.ts';
import { contains, parsePrefix } from '../../lib/prefix.ts';
import { freePodAddress } from '../../model/network/places.ts';
import { familyPlaces, type FamilyPlace, type NodePlace } from '../../model/network/topology.ts';
import type { AddressSource } from './address-source.ts';

/** The node's own blocks of pod addresses, one per family. */
export function blockSources(node: NodePlace): AddressSource[] {
  return familyPlaces(node).map((place) => ({
    name: `the block ${place.podCidr} of node ${node.name}`,
    free: (isTaken) => freePodAddress(place, { has: isTaken }),
    has: (address) => isIn(place, address),
  }));
}

function isIn(place: FamilyPlace, text: string): boolean {
  const [block, address] = [parsePrefix(place.podCidr), parseAddress(text)];
  return block !== undefined && address !== undefined && contains(block, address) && !isKept(place, text);
}

/** Whether the node keeps the address of its block for itself. */
function isKept({ tunnelAddress, bridgeAddress }: FamilyPlace, address: string): boolean {
  return address === tunnelAddress || address === bridgeAddress;
}
