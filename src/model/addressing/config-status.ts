import type {
  NetworkContainer,
  NodeAddressScaler,
  NodeNetworkConfig,
  NodeNetworkConfigStatus,
} from '../../api/types/address.ts';
import { formatAddress } from '../../lib/address.ts';
import { countOf, formatPrefix, prefixesOfRange, type AddressRange, type Prefix } from '../../lib/prefix.ts';
import type { Asker, Telling } from './ledger.ts';
import type { PodSubnet, SubnetMode } from './pod-subnets.ts';
import { readRanges } from './shares.ts';
import { routerOf } from './subnet-room.ts';

/** NodeNetworkConfigs are in this namespace. */
export const nodeConfigNamespace = 'kube-system';

/** What a NodeNetworkConfig says of its node; `used` is how many addresses the node's pods need. */
export function askerOf({ metadata, spec, status }: NodeNetworkConfig, used: number): Asker {
  const container = status?.networkContainers?.[0];
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    wanted: spec.requestedIPCount,
    used,
    returned: readRanges(spec.ipsNotInUse ?? []),
    told: assignedRanges(status),
    toldVersion: container?.version ?? 0,
  };
}

/** The addresses that a node was told that it has. */
export function assignedRanges(status: NodeNetworkConfigStatus | undefined): AddressRange[] {
  const assignments = (status?.networkContainers ?? []).flatMap(({ ipAssignments }) => ipAssignments);
  return readRanges(assignments.map(({ ip }) => ip));
}

/** The subnet that a node has addresses of, and how. */
export interface ContainerFacts {
  readonly subnet: PodSubnet;
  readonly mode: SubnetMode;
  readonly nodeAddress: string;
  readonly scaler: NodeAddressScaler;
  /** Whether the node has all that it asks for. */
  readonly isServed: boolean;
}

/** The status by which a node is told what it has. */
export function statusOf({ ranges, version }: Telling, facts: ContainerFacts): NodeNetworkConfigStatus {
  const { mode, nodeAddress, scaler, isServed } = facts;
  const { id, prefix } = facts.subnet;
  const ipAssignments = mode === 'block' ? blocks(ranges) : addresses(ranges);
  const container: NetworkContainer = {
    id,
    assignmentMode: mode === 'dynamic' ? 'dynamic' : 'static',
    type: mode === 'block' ? 'vnetblock' : 'vnet',
    primaryIP: mode === 'block' ? (ipAssignments[0]?.ip ?? '') : nodeAddress,
    subnetName: id,
    subnetAddressSpace: formatPrefix(prefix),
    defaultGateway: routerOf(prefix),
    nodeIP: nodeAddress,
    ipAssignments,
    version,
    status: isServed ? 'Available' : 'NCUpdateSubnetFullError',
  };
  return {
    assignedIPCount: Number(countOf(ranges)),
    scaler,
    status: isServed ? 'Updated' : 'Error',
    networkContainers: [container],
  };
}

/** The same status with other addresses; undefined before a node was told anything. */
export function withTelling(
  status: NodeNetworkConfigStatus | undefined,
  { ranges, version }: Telling,
): NodeNetworkConfigStatus | undefined {
  const [container] = status?.networkContainers ?? [];
  if (container === undefined) return undefined;
  const ipAssignments = container.type === 'vnetblock' ? blocks(ranges) : addresses(ranges);
  return {
    ...status,
    assignedIPCount: Number(countOf(ranges)),
    networkContainers: [{ ...container, ipAssignments, version }],
  };
}

function addresses(ranges: readonly AddressRange[]): NetworkContainer['ipAssignments'] {
  return ranges.flatMap((range) => addressesOf(range).map((ip) => ({ name: ip, ip })));
}

/** Of a /28 each. */
function blocks(ranges: readonly AddressRange[]): NetworkContainer['ipAssignments'] {
  return ranges.flatMap(prefixesOfRange).flatMap(inBlocks);
}

const blockLength = 28;

function inBlocks(prefix: Prefix): NetworkContainer['ipAssignments'] {
  const length = Math.max(blockLength, prefix.length);
  const size = 1n << BigInt(32 - length);
  return Array.from({ length: 2 ** (length - prefix.length) }, (_, index) => {
    const value = prefix.network.value + size * BigInt(index);
    const ip = formatPrefix({ ...prefix, length, network: { ...prefix.network, value } });
    return { name: ip, ip };
  });
}

/** Every address of a range, in order. */
export function addressesOf({ first, last }: AddressRange): string[] {
  const found: string[] = [];
  for (let { value } = first; value <= last.value; value++) found.push(formatAddress({ ...first, value }));
  return found;
}
