import type { VirtualNetwork } from '../../api/types/fabric.ts';
import { subnetAt } from '../fabric/network/subnets.ts';
import type { NetworkConfig } from './config.ts';
import { labAddresses } from './lab-addresses.ts';
import { modelTraits } from './models.ts';

/**
 * The prefixes of the virtual network that nodes are in, and of the one in which `podSubnet` has pods, where that is another:
 * what nodes take for pods' addresses where pods have no range of their own. Networks that these are peered with are not
 * among them: who is there sees the node (AKS, `concepts-network-legacy-cni`). Empty for models whose pods have ranges.
 */
export function spaceOfPods(
  config: Pick<NetworkConfig, 'model' | 'podSubnet'>,
  networks: Iterable<VirtualNetwork>,
): readonly string[] {
  if (modelTraits[config.model].podAddresses !== 'network') return [];
  const all = [...networks];
  // Nodes are in the network of the API server's machine.
  const ofNodes = subnetAt(all, labAddresses.control)?.network;
  const [name, subnet] = config.podSubnet.split('/');
  const ofPods = subnet === undefined ? undefined : all.find(({ metadata }) => metadata.name === name);
  return [...new Set([ofNodes, ofPods])].flatMap((network) => network?.spec.addressSpace ?? []);
}
