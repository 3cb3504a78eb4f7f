import { inRange } from './ranges.ts';
import type { PolicyPeer } from './permits.ts';
import type { DirectionPolicy } from './port.ts';
import { noPorts, unionPorts, type PortSet } from './port-set.ts';

/** Every port that a pod's allowances in one direction open towards a peer; `permits` asks the same of one port. */
export function openPorts(
  { isolatedBy, anywhere, classes, ranges }: DirectionPolicy,
  peer: PolicyPeer,
): PortSet {
  if (isolatedBy.length === 0) return 'all';
  const ofClass = unionPorts(anywhere, classes.get(peer.peerClass) ?? noPorts);
  // Ranges are disjoint: at most one holds the address.
  return unionPorts(ofClass, ranges.find(({ range }) => inRange(range, peer.address))?.ports ?? noPorts);
}
