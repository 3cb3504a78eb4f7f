import { familyOf, formatAddress } from '../../lib/address.ts';
import type { AddressRange } from '../../lib/prefix.ts';
import type { NftValue } from '../../kernel/nft/port.ts';
import type { DirectionPolicy, PodPolicy } from '../../model/policy/port.ts';
import type { PortRange, PortSet } from '../../model/policy/port-set.ts';
import type { PortsOfRange } from '../../model/policy/ranges.ts';
import type { PlannedElement } from '../elements/planned-elements.ts';
import { podLinkName } from '../links/node.ts';
import { allPorts, isolatedChain } from './skeleton.ts';

/** Numbers for port sets, equal for equal sets: what the rules look ports up by. */
export interface PortGroups {
  groupOf(ports: PortSet): number;
}

/** Groups by order of first use; `allPorts` is taken. */
export function createPortGroups(): PortGroups {
  const groups = new Map<string, number>();
  return {
    groupOf(ports) {
      if (ports === 'all') return allPorts;
      const key = ports.map(({ protocol, first, last }) => `${protocol}${first}-${last}`).join(' ');
      const known = groups.get(key);
      if (known !== undefined) return known;
      const group = allPorts + 1 + groups.size;
      groups.set(key, group);
      return group;
    },
  };
}

/** A pod of this node at one of its addresses, as the policy elements in the table of that family need it. */
export interface LocalPod {
  readonly uid: string;
  readonly address: string;
}

/** Everything the node's table of the address's family says about one of its own pods. */
export function podElements(pod: LocalPod, policy: PodPolicy, groups: PortGroups): PlannedElement[] {
  return [
    { set: 'pod-interfaces', key: [podLinkName(pod.uid), pod.address] },
    { set: 'self', key: [pod.address, pod.address] },
    ...directionElements('egress', pod.address, { policy: policy.egress, groups }),
    ...directionElements('ingress', pod.address, { policy: policy.ingress, groups }),
  ];
}

/** The peer class of a pod anywhere in the cluster; none for class 0, which no rule names. */
export function peerElements(address: string, peerClass: number): PlannedElement[] {
  return peerClass === 0 ? [] : [{ set: 'peers', key: [address], value: [peerClass] }];
}

function directionElements(
  direction: 'egress' | 'ingress',
  address: string,
  { policy, groups }: { policy: DirectionPolicy; groups: PortGroups },
): PlannedElement[] {
  if (policy.isolatedBy.length === 0)
    return [{ set: direction, key: [address], value: { verdict: 'return' } }];
  const elements: PlannedElement[] = [
    { set: direction, key: [address], value: { verdict: 'goto', chain: isolatedChain[direction] } },
  ];
  const open = (ports: PortSet, entry: Omit<PlannedElement, 'value'>): void => {
    if (ports !== 'all' && ports.length === 0) return;
    const group = groups.groupOf(ports);
    elements.push({ ...entry, value: [group] }, ...portElements(group, ports));
  };
  // In a table of one family, a range of the other never matches.
  const family = familyOf(address);
  const isOfFamily = ({ range }: PortsOfRange): boolean => range.first.family === family;
  open(policy.anywhere, { set: `${direction}-anywhere`, key: [address] });
  for (const [peerClass, ports] of policy.classes) {
    open(ports, { set: `${direction}-classes`, key: [address, peerClass] });
  }
  for (const { range, ports } of policy.ranges.filter(isOfFamily)) {
    open(ports, { set: `${direction}-ranges`, ...rangeKeys([address], range) });
  }
  for (const [peerClass, ranges] of policy.rangesOfClasses) {
    for (const { range, ports } of ranges.filter(isOfFamily)) {
      open(ports, { set: `${direction}-class-ranges`, ...rangeKeys([address, peerClass], range) });
    }
  }
  return elements;
}

function rangeKeys(
  before: readonly NftValue[],
  { first, last }: AddressRange,
): Pick<PlannedElement, 'key' | 'keyEnd'> {
  return { key: [...before, formatAddress(first)], keyEnd: [...before, formatAddress(last)] };
}

function portElements(group: number, ports: PortSet): PlannedElement[] {
  return ports === 'all' ? [] : ports.map((range) => portElement(group, range));
}

function portElement(group: number, { protocol, first, last }: PortRange): PlannedElement {
  const name = protocol.toLowerCase();
  return { set: 'ports', key: [group, name, first], keyEnd: [group, name, last] };
}
