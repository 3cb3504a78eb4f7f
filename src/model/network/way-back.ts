import { parseAddress } from '../../lib/address.ts';
import { contains, parsePrefix } from '../../lib/prefix.ts';
import type { NetworkConfig } from './config.ts';
import { modelTraits } from './models.ts';

/**
 * Whether what is outside the cluster can answer a packet from this source. On a layer-2 segment, machines and routers
 * know their own segment and the internet, and nobody has told them of pod ranges: what left with a pod's own address is
 * never answered. That is why pods of Flannel do not reach the machines beside their nodes. A virtual network knows
 * whatever may leave a node there.
 */
export function hasWayBack(config: Pick<NetworkConfig, 'model' | 'podCidrs'>, source: string): boolean {
  if (modelTraits[config.model].world === 'virtual-network') return true;
  const address = parseAddress(source);
  return !config.podCidrs.some((range) => {
    const prefix = parsePrefix(range);
    return prefix !== undefined && address !== undefined && contains(prefix, address);
  });
}
