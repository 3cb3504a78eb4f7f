import type { Node } from '../../api/types/core.ts';
import type { Subnet, VirtualMachine, VirtualNetwork } from '../../api/types/fabric.ts';
import { parsePrefix, type Prefix } from '../../lib/prefix.ts';
import type { NetworkConfig } from '../network/config.ts';
import { batchSize } from './demand.ts';
import type { Room } from './ledger.ts';
import { isIn, roomOf } from './subnet-room.ts';

/** How nodes have addresses of a subnet for their pods. */
export type SubnetMode = 'node-subnet' | 'dynamic' | 'block';

/** Undefined for models that give each node a block of a range that is no subnet's. */
export function subnetModeOf({
  model,
  podIPAllocation,
}: Pick<NetworkConfig, 'model' | 'podIPAllocation'>): SubnetMode | undefined {
  if (model === 'azure-cni') return 'node-subnet';
  if (model !== 'azure-cni-dynamic') return undefined;
  return podIPAllocation === 'StaticBlock' ? 'block' : 'dynamic';
}

/** A subnet that pods have addresses of. */
export interface PodSubnet {
  /** `NETWORK/SUBNET` */
  readonly id: string;
  readonly prefix: Prefix;
}

/** The subnet for the pods of a node with this address; undefined when there is none. */
export function podSubnetOf(
  config: Pick<NetworkConfig, 'model' | 'podIPAllocation' | 'podSubnet'>,
  address: string,
  networks: Iterable<VirtualNetwork>,
): PodSubnet | undefined {
  const all = [...networks];
  const own = all
    .flatMap((network) => subnetsOf(network).map((subnet) => ({ network: network.metadata.name, ...subnet })))
    .find(({ prefix }) => isIn(prefix, address));
  if (own === undefined) return undefined;
  if (subnetModeOf(config) === 'node-subnet') return { id: `${own.network}/${own.name}`, prefix: own.prefix };
  const [first = '', second] = config.podSubnet.split('/');
  const [networkName, name] = second === undefined ? [own.network, first] : [first, second];
  const network = all.find(({ metadata }) => metadata.name === networkName);
  const found = network && subnetsOf(network).find((subnet) => subnet.name === name);
  return found && { id: `${networkName}/${name}`, prefix: found.prefix };
}

function subnetsOf({ spec }: VirtualNetwork): { readonly name: string; readonly prefix: Prefix }[] {
  return (spec.subnets ?? []).flatMap(({ name, prefix: text }: Subnet) => {
    const prefix = parsePrefix(text);
    return prefix === undefined ? [] : [{ name, prefix }];
  });
}

/**
 * What there is to give of a subnet. Where machines have addresses of it too, pods have the highest ones: those that come
 * later find the lower ones free.
 */
export function podRoomOf({ prefix }: PodSubnet, mode: SubnetMode, machines: readonly string[]): Room {
  return {
    ranges: roomOf(prefix, machines),
    piece: mode === 'block' ? batchSize : 1,
    order: mode === 'node-subnet' ? 'highest' : 'lowest',
  };
}

/** Addresses that machines have, or are to have. */
export function machineAddresses(nodes: Iterable<Node>, machines: Iterable<VirtualMachine>): string[] {
  const ofNodes = [...nodes].flatMap(({ status }) => status?.addresses ?? []);
  const ofMachines = [...machines].flatMap(({ spec, status }) => [
    ...spec.interfaces.flatMap(({ addresses = [] }) => addresses),
    ...(status?.interfaces ?? []).flatMap(({ addresses }) => addresses),
  ]);
  return [
    ...ofNodes.filter(({ type }) => type === 'InternalIP').map(({ address }) => address),
    ...ofMachines.map((address) => address.split('/')[0] ?? ''),
  ];
}
