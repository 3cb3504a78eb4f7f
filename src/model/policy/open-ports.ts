import { inRange, type PortsOfRange } from './ranges.ts';
import type { PolicyPeer } from './permits.ts';
import type { DirectionPolicy } from './port.ts';
import { noPorts, unionPorts, type PortSet } from './port-set.ts';
import { portsInVerdicts } from './rows.ts';

/** Every port that a pod's allowances in one direction open towards a peer; `permits` asks the same of one port. */
export function openPorts(
  { isolatedBy, anywhere, classes, ranges, rangesOfClasses, verdicts }: DirectionPolicy,
  { address, peerClass }: PolicyPeer,
): PortSet {
  if (verdicts !== undefined) return portsInVerdicts(verdicts, { address, peerClass });
  if (isolatedBy.length === 0) return 'all';
  // Each list is disjoint: at most one of its ranges holds the address.
  const portsAt = (list: readonly PortsOfRange[]): PortSet =>
    list.find(({ range }) => inRange(range, address))?.ports ?? noPorts;
  return [
    classes.get(peerClass) ?? noPorts,
    portsAt(ranges),
    portsAt(rangesOfClasses.get(peerClass) ?? []),
  ].reduce(unionPorts, anywhere);
}
