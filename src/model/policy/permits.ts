import type { Protocol } from '../../api/types/meta.ts';
import type { Address } from '../../lib/address.ts';
import type { DirectionPolicy } from './port.ts';
import { hasPort } from './port-set.ts';
import { inRange } from './ranges.ts';
import { portsInVerdicts } from './rows.ts';

/** The other end of a connection as a policy sees it. */
export interface PolicyPeer {
  readonly address: Address;
  /** Peer class of the pod at that address; 0 when it is no pod or no selector names it. */
  readonly peerClass: number;
}

/** Whether any policy that is enforced has a say about the pod in this direction. */
export function isRestricted({ isolatedBy, verdicts }: DirectionPolicy): boolean {
  return isolatedBy.length > 0 || verdicts !== undefined;
}

/** Whether a pod's allowances in one direction let a connection through: what the data plane's rules compute. */
export function permits(
  policy: DirectionPolicy,
  peer: PolicyPeer,
  { protocol, port }: { readonly protocol: Protocol; readonly port: number },
): boolean {
  if (policy.verdicts !== undefined) return hasPort(portsInVerdicts(policy.verdicts, peer), protocol, port);
  if (policy.isolatedBy.length === 0 || hasPort(policy.anywhere, protocol, port)) return true;
  const ofClass = policy.classes.get(peer.peerClass);
  if (ofClass !== undefined && hasPort(ofClass, protocol, port)) return true;
  const ofRanges = [...policy.ranges, ...(policy.rangesOfClasses.get(peer.peerClass) ?? [])];
  return ofRanges.some(({ range, ports }) => inRange(range, peer.address) && hasPort(ports, protocol, port));
}
