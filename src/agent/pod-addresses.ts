import { inFamily, familyOf, parseAddress } from '../lib/address.ts';
import { WeftError } from '../lib/errors.ts';
import { contains, parsePrefix } from '../lib/prefix.ts';
import { freePodAddress } from '../model/network/places.ts';
import { familyPlaces, type FamilyPlace, type NodePlace } from '../model/network/topology.ts';

/** Addresses of one node's pods. An address stays taken until it is released, however long its pod has been gone. */
export interface PodAddresses {
  /**
   * The addresses for a pod, one per family of the node: of `previous`, which an earlier process gave it, what is the
   * node's and free, else the lowest free one. Throws `addresses-exhausted`; nothing is taken then.
   */
  take(key: string, previous?: readonly string[]): readonly string[];
  release(addresses: readonly string[]): void;
}

/** `holderOf` tells which pod the API says has an address: such an address is not given to another. */
export function createPodAddresses(
  node: NodePlace,
  holderOf: (address: string) => string | undefined,
): PodAddresses {
  const used = new Set<string>();

  const choose = (key: string, place: FamilyPlace, previous: string | undefined): string => {
    if (previous !== undefined && isIn(place, previous) && !used.has(previous)) return previous;
    const isTaken = (address: string): boolean => used.has(address) || (holderOf(address) ?? key) !== key;
    const free = freePodAddress(place, { has: isTaken });
    if (free !== undefined) return free;
    throw new WeftError('addresses-exhausted', `node ${node.name} has no address left in ${place.podCidr}`);
  };

  return {
    take(key, previous = []) {
      const taken = familyPlaces(node).map((place) =>
        choose(key, place, inFamily(previous, familyOf(place.podCidr))),
      );
      for (const address of taken) used.add(address);
      return taken;
    },
    release(addresses) {
      for (const address of addresses) used.delete(address);
    },
  };
}

function isIn(place: FamilyPlace, text: string): boolean {
  const [block, address] = [parsePrefix(place.podCidr), parseAddress(text)];
  return block !== undefined && address !== undefined && contains(block, address) && !isKept(place, text);
}

/** Whether the node keeps the address of its block for itself. */
function isKept({ tunnelAddress, bridgeAddress }: FamilyPlace, address: string): boolean {
  return address === tunnelAddress || address === bridgeAddress;
}
