import { fabricResources } from '../../api/resources.ts';
import type { VirtualNetwork } from '../../api/types/fabric.ts';
import type { Client } from '../../client/port.ts';
import { sameJson } from '../../lib/same-json.ts';
import { nameServersAt } from '../../model/fabric/network/subnets.ts';
import { upstreamServers, type NetworkConfig } from '../../model/network/config.ts';
import { labAddresses } from '../../model/network/lab-addresses.ts';
import { modelTraits } from '../../model/network/models.ts';

/** The servers that cluster DNS asks, as they are now. */
export interface UpstreamServers {
  readonly current: () => readonly string[];
  /** Called after they became others. */
  onChange(callback: () => void): void;
}

/** As the ClusterNetwork names them, or else the virtual network that the nodes are in, from now on. */
export function followUpstreamServers(
  client: Pick<Client, 'informer'>,
  config: NetworkConfig,
): UpstreamServers {
  let servers = upstreamServers(config);
  const isNamed = config.upstreamResolvers.length > 0;
  if (isNamed || modelTraits[config.model].world !== 'virtual-network') {
    return { current: () => servers, onChange: () => {} };
  }
  const networks = client.informer<VirtualNetwork>(fabricResources.virtualnetworks);
  let changed = (): void => {};
  const follow = (): void => {
    // Nodes are in the network of the API server's machine.
    const now = upstreamServers(config, nameServersAt(networks.values(), labAddresses.control));
    if (sameJson(now, servers)) return;
    servers = now;
    changed();
  };
  networks.onChange(follow);
  return { current: () => servers, onChange: (callback) => (changed = callback) };
}
