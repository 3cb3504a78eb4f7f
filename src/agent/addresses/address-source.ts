import type { PodSubnetEnd } from '../../plan/links/node.ts';

/** Where one node's pods have their addresses of one family from. */
export interface AddressSource {
  /** For messages: `node n1's block 10.244.0.0/24`. */
  readonly name: string;
  /** The first that is not taken; undefined when there is none. */
  free(isTaken: (address: string) => boolean): string | undefined;
  /** Whether it is one that the source gives. */
  has(address: string): boolean;
  /** What its addresses are of, where that is a subnet of a network. */
  subnet?(): PodSubnetEnd | undefined;
}
