import type { PeerLink, VethLink } from '../../kernel/route/port.ts';
import { switchBridge } from './switch-bridge.ts';

/** No machine has such a name: see api/validate/names. */
const prefix = '_uplink';

/** Whether a switch's link leads to the switch of another cluster, whose own matter it is. */
export function isUplink(link: string): boolean {
  return link.startsWith(prefix);
}

/**
 * Both ends of the cable between the switches of a further cluster and of the first one, whose namespace is `other`. The
 * far end is made with the near one, and then plugged in.
 */
export function uplinkEnds({ other, ordinal }: { readonly other: string; readonly ordinal: number }): {
  readonly near: VethLink;
  readonly far: PeerLink;
} {
  const far: PeerLink = { kind: 'veth-peer', name: `${prefix}-${ordinal}`, master: switchBridge };
  const peer = { name: far.name, namespace: other };
  return { near: { kind: 'veth', name: prefix, master: switchBridge, peer }, far };
}
