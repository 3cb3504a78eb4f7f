import type { VirtualNetwork } from '../../../api/types/fabric.ts';
import type { NetworkConfig } from '../../network/config.ts';
import { labAddresses } from '../../network/lab-addresses.ts';
import { nodeLink, type NodePlace } from '../../network/topology.ts';
import { machineNetns, nodeNetns } from '../default-fabric.ts';
import { subnetAt } from './subnets.ts';
import type { NetworkInterface } from './world.ts';

export interface NodeInterfacesOptions {
  readonly config: Pick<NetworkConfig, 'model'>;
  readonly networks: Iterable<VirtualNetwork>;
  /** Prefixes of a node's pods that are addresses of its interface. */
  readonly assignedTo?: (node: string) => readonly string[];
}

/**
 * The interfaces of nodes and of the API server's machine, each in the subnet that its address lies in. Nodes of kubenet
 * forward; those of an overlay have their blocks in a routing domain of their cluster.
 */
export function nodeInterfaces(
  places: readonly NodePlace[],
  options: NodeInterfacesOptions,
): NetworkInterface[] {
  const { model } = options.config;
  const networks = [...options.networks];
  const inSubnet = (address: string): Pick<NetworkInterface, 'network' | 'subnet'> | undefined => {
    const found = subnetAt(networks, address);
    return found && { network: found.network.metadata.name, subnet: found.subnet.name };
  };
  const control = inSubnet(labAddresses.control);
  return [
    ...(control === undefined ? [] : [{ ...controlInterface, ...control }]),
    ...places.flatMap(({ name, address, podCidr }) => {
      const where = inSubnet(address);
      if (where === undefined) return [];
      const node: NetworkInterface = {
        id: `node:${name}/${nodeLink}`,
        machine: name,
        netns: nodeNetns(name),
        name: nodeLink,
        ...where,
        addresses: [address],
        assigned: options.assignedTo?.(name) ?? [],
        forwards: model === 'kubenet',
        ...(model === 'azure-cni-overlay' && { domain: { name: 'cluster', blocks: [podCidr] } }),
      };
      return [node];
    }),
  ];
}

const controlInterface = {
  id: `control/${nodeLink}`,
  machine: 'control',
  netns: machineNetns.control,
  name: nodeLink,
  addresses: [labAddresses.control],
  assigned: [],
  forwards: false,
} as const;
