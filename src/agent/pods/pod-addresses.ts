import { WeftError } from '../../lib/errors.ts';
import type { AddressSource } from '../addresses/address-source.ts';

/** Addresses of one node's pods. An address stays taken until it is released, however long its pod has been gone. */
export interface PodAddresses {
  /**
   * The addresses for a pod, one of each source: of `previous`, which an earlier process gave it, what is the node's and
   * free, else the first free one. Throws `addresses-exhausted`; nothing is taken then.
   */
  take(key: string, previous?: readonly string[]): readonly string[];
  release(addresses: readonly string[]): void;
  isTaken(address: string): boolean;
}

/** `holderOf` tells which pod the API says has an address: such an address is not given to another. */
export function createPodAddresses(
  sources: readonly AddressSource[],
  holderOf: (address: string) => string | undefined,
): PodAddresses {
  const used = new Set<string>();

  const choose = (key: string, source: AddressSource, previous: readonly string[]): string => {
    const kept = previous.find((address) => source.has(address) && !used.has(address));
    if (kept !== undefined) return kept;
    const free = source.free((address) => used.has(address) || (holderOf(address) ?? key) !== key);
    if (free !== undefined) return free;
    throw new WeftError('addresses-exhausted', `${source.name} has no address left`);
  };

  return {
    take(key, previous = []) {
      const taken = sources.map((source) => choose(key, source, previous));
      for (const address of taken) used.add(address);
      return taken;
    },
    release(addresses) {
      for (const address of addresses) used.delete(address);
    },
    isTaken: (address) => used.has(address),
  };
}
