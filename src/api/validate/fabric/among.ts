import { contains, parsePrefix, parseRange, rangeOf } from '../../../lib/prefix.ts';
import { formatAddress, parseAddress } from '../../../lib/address.ts';
import { addressResources, fabricResources, resourceOf, resources, type Resource } from '../../resources.ts';
import type {
  RouteTable,
  Site,
  VirtualMachine,
  VirtualNetwork,
  VirtualNetworkPeering,
} from '../../types/fabric.ts';
import type { Node } from '../../types/core.ts';
import type { KubernetesObject } from '../../types/meta.ts';
import { rangeList, rangesOf } from '../../defaults/network.ts';
import { clusterRangeProblems, usedRanges, type ClusterRanges } from '../cluster-ranges.ts';
import { invalid, type FieldProblem } from '../problem.ts';
import { overlapping } from './prefixes.ts';
import { providedProblems, providedTableProblems } from './provided.ts';

/** The objects that there are, of a kind. */
export type Stored = <T extends KubernetesObject>(resource: Resource<T>) => readonly T[];

/**
 * What is wrong with an object of the fabric beside the others that there are; it is valid by itself. What it refers to may
 * come later. `previous` is what it replaces.
 */
export function problemsAmong(
  object: KubernetesObject,
  stored: Stored,
  previous: KubernetesObject | undefined,
): FieldProblem[] {
  return [
    ...clusterRangeProblems(object, () => storedRanges(stored)),
    ...problemsAmongFabric(object, stored, previous),
  ];
}

/** The ranges that the cluster was made with, and those that Services were given since. */
function storedRanges(stored: Stored): ClusterRanges {
  const [network] = stored(resources.clusternetworks);
  const added = stored(resources.servicecidrs).flatMap(({ spec }) => spec?.cidrs ?? []);
  if (network === undefined) return { podCIDR: [], serviceCIDR: added };
  const { podCIDR, serviceCIDR } = rangesOf(network.spec);
  const services = [...new Set([...rangeList(serviceCIDR), ...added])];
  return usedRanges(network.spec.model, { podCIDR: rangeList(podCIDR), serviceCIDR: services });
}

function problemsAmongFabric(
  object: KubernetesObject,
  stored: Stored,
  previous: KubernetesObject | undefined,
): FieldProblem[] {
  const resource = resourceOf(object);
  // What a resource serves is of the resource's type.
  if (resource === fabricResources.virtualnetworks)
    return networkProblems(object as VirtualNetwork, stored, previous as VirtualNetwork | undefined);
  if (resource === fabricResources.virtualnetworkpeerings)
    return peeringProblemsAmong(object as VirtualNetworkPeering, stored);
  if (resource === fabricResources.routetables) {
    const use = { networks: stored(fabricResources.virtualnetworks), nodes: stored<Node>(resources.nodes) };
    return providedTableProblems(object as RouteTable, previous as RouteTable | undefined, use);
  }
  if (resource === fabricResources.virtualmachines) return machineProblems(object as VirtualMachine, stored);
  return resource === fabricResources.sites ? siteProblemsAmong(object as Site, stored) : [];
}

function networkProblems(
  network: VirtualNetwork,
  stored: Stored,
  previous: VirtualNetwork | undefined,
): FieldProblem[] {
  const { name } = network.metadata;
  const peers = stored(fabricResources.virtualnetworkpeerings)
    .filter(({ spec }) => spec.networks.includes(name))
    .flatMap(({ spec }) => spec.networks.filter((other) => other !== name));
  const others = stored(fabricResources.virtualnetworks).filter(({ metadata }) =>
    peers.includes(metadata.name),
  );
  const overlaps = network.spec.addressSpace.flatMap((cidr, index) =>
    others.flatMap((other) => overlapProblem(`spec.addressSpace[${index}]`, cidr, other)),
  );
  if (previous === undefined) return overlaps;
  return [...overlaps, ...providedProblems(network, previous), ...shrunkProblems(network, previous, stored)];
}

function overlapProblem(path: string, cidr: string, other: VirtualNetwork): FieldProblem[] {
  const taken = other.spec.addressSpace.find((one) => overlapping(one, cidr));
  if (taken === undefined) return [];
  return [invalid(path, cidr, `must not overlap ${taken} of the peered network ${other.metadata.name}`)];
}

/** A subnet keeps the addresses that machines have, and nodes for their pods. */
function shrunkProblems(network: VirtualNetwork, previous: VirtualNetwork, stored: Stored): FieldProblem[] {
  return (previous.spec.subnets ?? []).flatMap((before) => {
    const index = (network.spec.subnets ?? []).findIndex(({ name }) => name === before.name);
    const after = network.spec.subnets?.[index];
    if (after?.prefix === before.prefix) return [];
    const lost = [
      ...usedAddresses(network.metadata.name, stored),
      ...heldAddresses(`${network.metadata.name}.${before.name}`, stored),
    ].filter(
      ({ ends }) =>
        ends.every((end) => isUsable(before.prefix, end)) &&
        !ends.every((end) => isUsable(after?.prefix, end)),
    );
    const [first] = lost;
    if (first === undefined) return [];
    const more = lost.length > 1 ? ` and ${lost.length - 1} more` : '';
    const what = [...new Set(first.ends)].join(' to ');
    const why = `${what} of ${first.owner}${more} must stay in the subnet ${before.name} (${before.prefix})`;
    return [
      invalid(
        after === undefined ? 'spec.subnets' : `spec.subnets[${index}].prefix`,
        after?.prefix ?? null,
        why,
      ),
    ];
  });
}

/** One address, or all from the first to the last. */
interface UsedAddresses {
  readonly ends: readonly [first: string, last: string];
  readonly owner: string;
}

function usedAddresses(network: string, stored: Stored): UsedAddresses[] {
  const ofNodes = stored<Node>(resources.nodes).flatMap(({ metadata, status }) =>
    (status?.addresses ?? []).map(({ address }) => ({ address, owner: `node ${metadata.name}` })),
  );
  return [...ofNodes, ...machineAddresses(network, stored)].map(({ address, owner }) => ({
    ends: [address, address],
    owner,
  }));
}

/** What nodes have for their pods of a subnet, given as `NETWORK.SUBNET`. */
function heldAddresses(subnet: string, stored: Stored): UsedAddresses[] {
  return stored(addressResources.subnetallocations)
    .filter(({ metadata }) => metadata.name === subnet)
    .flatMap(({ spec }) => spec.nodes)
    .flatMap(({ name, addresses }) =>
      addresses.flatMap((text) => {
        const range = parseRange(text.includes('/') || text.includes('-') ? text : `${text}-${text}`);
        if (range === undefined) return [];
        const ends = [formatAddress(range.first), formatAddress(range.last)] as const;
        return [{ ends, owner: `node ${name}, for its pods,` }];
      }),
    );
}

function machineAddresses(
  network: string,
  stored: Stored,
): { readonly address: string; readonly owner: string }[] {
  return stored(fabricResources.virtualmachines).flatMap(({ metadata, spec, status }) =>
    spec.interfaces
      .filter((one) => one.network === network)
      .flatMap(({ name, addresses }) => {
        const observed = status?.interfaces?.find((one) => one.name === name)?.addresses ?? [];
        return (addresses ?? observed).map((address) => ({ address, owner: `machine ${metadata.name}` }));
      }),
  );
}

function peeringProblemsAmong({ spec }: VirtualNetworkPeering, stored: Stored): FieldProblem[] {
  const networks = stored(fabricResources.virtualnetworks);
  const [one, other] = spec.networks.map((name) => networks.find(({ metadata }) => metadata.name === name));
  if (one === undefined || other === undefined) return [];
  const [problem] = other.spec.addressSpace.flatMap((cidr) => overlapProblem('spec.networks[1]', cidr, one));
  if (problem !== undefined) return [problem];
  const hasGateway = stored(fabricResources.sites).some(
    ({ spec: { gateway } }) => gateway.network === other.metadata.name,
  );
  if (spec.useRemoteGateways !== true || !hasGateway) return [];
  return [invalid('spec.useRemoteGateways', true, `${other.metadata.name} has a gateway of its own`)];
}

/** Addresses that a machine asks for are usable ones of its subnet, and nobody else's. */
function machineProblems(machine: VirtualMachine, stored: Stored): FieldProblem[] {
  const networks = new Map(stored(fabricResources.virtualnetworks).map((one) => [one.metadata.name, one]));
  return machine.spec.interfaces.flatMap(({ network = '', subnet, addresses = [] }, index) => {
    const known = networks.get(network);
    if (known === undefined) return [];
    const path = `spec.interfaces[${index}]`;
    const prefix = known.spec.subnets?.find(({ name }) => name === subnet)?.prefix;
    if (prefix === undefined) {
      return [invalid(`${path}.subnet`, subnet, `the network ${network} has no such subnet`)];
    }
    const used = [...usedAddresses(network, stored), ...heldAddresses(`${network}.${subnet}`, stored)];
    const taken = used.filter(({ owner }) => owner !== `machine ${machine.metadata.name}`);
    return addresses.flatMap((address, i) => {
      const at = `${path}.addresses[${i}]`;
      if (!isUsable(prefix, address)) {
        const why = `must be in ${prefix}, and none of its first four addresses or the last`;
        return [invalid(at, address, why)];
      }
      const owner = taken.find(({ ends }) => isBetween(address, ends))?.owner.replace(/,$/, '');
      return owner === undefined ? [] : [invalid(at, address, `is the address of ${owner}`)];
    });
  });
}

function siteProblemsAmong({ spec }: Site, stored: Stored): FieldProblem[] {
  const network = stored(fabricResources.virtualnetworks).find(
    ({ metadata }) => metadata.name === spec.gateway.network,
  );
  return (network?.spec.addressSpace ?? []).flatMap((space) =>
    spec.prefixes.flatMap((cidr, index) => {
      const why = `must not be ${space} of the network ${spec.gateway.network} itself`;
      return cidr === space ? [invalid(`spec.prefixes[${index}]`, cidr, why)] : [];
    }),
  );
}

function isBetween(text: string, ends: UsedAddresses['ends']): boolean {
  const [address, first, last] = [text, ...ends].map((one) => parseAddress(one)?.value);
  return (
    address !== undefined && first !== undefined && last !== undefined && first <= address && address <= last
  );
}

/** The first four addresses of a subnet and the last are nobody's. */
function isUsable(cidr: string | undefined, text: string): boolean {
  const [prefix, address] = [parsePrefix(cidr ?? ''), parseAddress(text)];
  if (prefix === undefined || address === undefined || !contains(prefix, address)) return false;
  const { first, last } = rangeOf(prefix);
  return address.value >= first.value + 4n && address.value < last.value;
}
