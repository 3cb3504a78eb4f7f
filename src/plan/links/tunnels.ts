import { familyOf, type Family } from '../../lib/address.ts';
import { tunnelsOf, type ModelTraits } from '../../model/network/models.ts';
import { nodeLink, underlayAddress, type NodePlace } from '../../model/network/topology.ts';

/** The packets by which a node tunnels those of pods, before they leave its link and when they have come by it. */
export interface TunnelPackets {
  readonly link: string;
  /** UDP port. */
  readonly port: number;
  readonly vni: number;
}

/** Those of a node in packets of a family. */
export function tunnelPackets(
  node: NodePlace,
  { transport }: Pick<ModelTraits, 'transport'>,
  family: Family,
): TunnelPackets[] {
  if (familyOf(underlayAddress(node)) !== family) return [];
  return tunnelsOf(transport).map(({ port, vni }) => ({ link: nodeLink, port, vni }));
}

/**
 * Rules, a line each, for hooks before connection tracking. Every packet of a tunnel passes the node's hooks twice, outside
 * of what it carries and inside. Outside there is nothing to know about it: tracking connections between nodes would cost a
 * new connection of pods as much as its own.
 */
export function untracked(direction: 'arriving' | 'leaving', tunnels: readonly TunnelPackets[]): string {
  const linkOf = direction === 'arriving' ? 'iifname' : 'oifname';
  return tunnels
    .map(({ link, port, vni }) => `    ${linkOf} "${link}" udp dport ${port} ${ofNetwork(vni)} notrack`)
    .join('\n');
}

/** The header behind the UDP header (RFC 7348): flags that say there is a VNI, and the VNI. */
const ofNetwork = (vni: number): string => `@th,64,8 8 @th,96,24 ${vni}`;
