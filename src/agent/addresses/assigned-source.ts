import type { AddressSource } from './address-source.ts';
import type { NodeConfigs } from './node-configs.ts';

/** The addresses of a subnet that the node was told it has. */
export function assignedSource(
  node: string,
  configs: Pick<NodeConfigs, 'addressesOf' | 'subnetOf'>,
): AddressSource {
  return {
    name: `the NodeNetworkConfig of node ${node}`,
    free: (isTaken) => configs.addressesOf(node).find((address) => !isTaken(address)),
    has: (address) => configs.addressesOf(node).includes(address),
    subnet: () => configs.subnetOf(node),
  };
}
