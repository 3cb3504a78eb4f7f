import { addressAfter, formatAddress } from '../../lib/address.ts';
import { parsePrefix } from '../../lib/prefix.ts';

/** Addresses of the machines of a lab's default layer-2 segment and of the network behind its router. */
export const labAddresses = {
  /** The node segment. Everything here is inside network namespaces and never meets the host's networks. */
  segment: '172.20.0.0/16',
  router: '172.20.0.1',
  /** The machine on which the API server listens for pods and nodes. */
  control: '172.20.0.10',
  /** TEST-NET-3 of RFC 5737, behind the router. */
  internetSegment: '203.0.113.0/24',
  internetRouter: '203.0.113.1',
  internet: '203.0.113.10',
} as const;

/** `node-1`, `node-2`, …: names of a lab's nodes, by index from 0. */
export function labNodeName(index: number): string {
  return `node-${index + 1}`;
}

/** Primary address of the lab node with this index, from 0: 172.20.1.1 and on. */
export function labNodeAddress(index: number): string {
  const segment = parsePrefix(labAddresses.segment);
  const address = segment === undefined ? undefined : addressAfter(segment.network, 257n + BigInt(index));
  if (address === undefined) throw new RangeError(`no address for node ${index}`);
  return formatAddress(address);
}
