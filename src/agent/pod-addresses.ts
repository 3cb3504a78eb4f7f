import { parseAddress } from '../lib/address.ts';
import { WeftError } from '../lib/errors.ts';
import { contains, parsePrefix } from '../lib/prefix.ts';
import { freePodAddress } from '../model/network/places.ts';
import type { NodePlace } from '../model/network/topology.ts';

/** Addresses of one node's pods. An address stays taken until it is released, however long its pod has been gone. */
export interface PodAddresses {
  /**
   * The address for a pod: `previous`, which an earlier process gave it, where it is one of the node's and free,
   * else the lowest free one. Throws `addresses-exhausted`.
   */
  take(key: string, previous?: string): string;
  release(address: string): void;
}

/** `holderOf` tells which pod the API says has an address: such an address is not given to another. */
export function createPodAddresses(
  node: NodePlace,
  holderOf: (address: string) => string | undefined,
): PodAddresses {
  const used = new Set<string>();
  const block = parsePrefix(node.podCidr);

  const isOurs = (text: string): boolean => {
    const address = parseAddress(text);
    return (
      block !== undefined && address !== undefined && contains(block, address) && text !== node.tunnelAddress
    );
  };
  const choose = (key: string, previous: string | undefined): string => {
    if (previous !== undefined && isOurs(previous) && !used.has(previous)) return previous;
    const isTaken = (address: string): boolean => used.has(address) || (holderOf(address) ?? key) !== key;
    const free = freePodAddress(node.podCidr, { has: isTaken });
    if (free !== undefined) return free;
    throw new WeftError('addresses-exhausted', `node ${node.name} has no address left in ${node.podCidr}`);
  };

  return {
    take(key, previous) {
      const address = choose(key, previous);
      used.add(address);
      return address;
    },
    release: (address) => void used.delete(address),
  };
}
