import { familyOf, formatAddress, type Family } from '../../lib/address.ts';
import type { AddressRange } from '../../lib/prefix.ts';
import type { NftValue } from '../../kernel/nft/port.ts';
import { isRestricted } from '../../model/policy/permits.ts';
import type { DirectionPolicy, PodPolicy } from '../../model/policy/port.ts';
import type { PortRange, PortSet } from '../../model/policy/port-set.ts';
import type { PortsOfRange } from '../../model/policy/ranges.ts';
import { rowsOf, type Row, type RowStem, type Verdicts } from '../../model/policy/rows.ts';
import type { PlannedElement } from '../elements/planned-elements.ts';
import type { PolicyNumbers } from './numbers.ts';
import { auditChain, isolatedChain, tieredChain } from './skeleton.ts';

/** A pod of this node at one of its addresses, as the policy elements in the table of that family need it. */
export interface LocalPod {
  readonly address: string;
  /** By which the node hears what it sends. */
  readonly link: string;
}

/** What the node's table of the address's family says about one of its own pods, beside the rows that it has. */
export function podElements(pod: LocalPod, policy: PodPolicy, numbers: PolicyNumbers): PlannedElement[] {
  return [
    { set: 'pod-interfaces', key: [pod.link, pod.address] },
    { set: 'self', key: [pod.address, pod.address] },
    ...directionElements('egress', pod.address, { policy: policy.egress, numbers }),
    ...directionElements('ingress', pod.address, { policy: policy.ingress, numbers }),
  ];
}

/** The rows that look-ups for a pod lead to, each once. */
export function podRows({ ingress, egress }: PodPolicy): Set<Row> {
  const verdicts = [ingress, egress].flatMap(({ verdicts: enforced, audit }) => [enforced, audit]);
  return new Set(verdicts.flatMap((some) => (some === undefined ? [] : rowsOf(some))));
}

/** What stays of a row while addresses of domain names come and go, in the table of a family. */
export function stemElements(stem: RowStem, family: Family, numbers: PolicyNumbers): PlannedElement[] {
  const row = numbers.rowOf(stem);
  return stem.ranges
    .filter(({ range }) => range.first.family === family)
    .flatMap(({ range, ports }) => {
      const group = numbers.groupOf(ports);
      return [{ set: 'rows', ...rangeKeys([row], range), value: [group] }, ...portElements(group, ports)];
    });
}

/** What a row says of addresses that domain names have now: an element each, so that one more costs no more than itself. */
export function namedElements(
  { stem, named }: Row,
  family: Family,
  numbers: PolicyNumbers,
): PlannedElement[] {
  const row = numbers.rowOf(stem);
  return [...named]
    .filter(([address]) => familyOf(address) === family)
    .flatMap(([address, ports]) => {
      const group = numbers.groupOf(ports);
      return [{ set: 'row-addresses', key: [row, address], value: [group] }, ...portElements(group, ports)];
    });
}

/** The number of the peer class of a pod anywhere in the cluster; none for class 0, which no rule names. */
export function peerElements(address: string, peerClass: number): PlannedElement[] {
  return peerClass === 0 ? [] : [{ set: 'peers', key: [address], value: [peerClass] }];
}

function directionElements(
  direction: 'egress' | 'ingress',
  address: string,
  { policy, numbers }: { policy: DirectionPolicy; numbers: PolicyNumbers },
): PlannedElement[] {
  return [
    ...enforcedElements(direction, address, { policy, numbers }),
    ...auditElements(direction, address, { policy, numbers }),
  ];
}

function enforcedElements(
  direction: 'egress' | 'ingress',
  address: string,
  { policy, numbers }: { policy: DirectionPolicy; numbers: PolicyNumbers },
): PlannedElement[] {
  const send = (chain: string): PlannedElement => ({
    set: direction,
    key: [address],
    value: { verdict: 'jump', chain },
  });
  if (!isRestricted(policy)) return [{ set: direction, key: [address], value: { verdict: 'return' } }];
  if (policy.verdicts !== undefined) {
    const rows = verdictElements(direction, address, { verdicts: policy.verdicts, numbers });
    return [send(tieredChain[direction]), ...rows];
  }
  const elements = [send(isolatedChain[direction])];
  const open = (ports: PortSet, entry: Omit<PlannedElement, 'value'>): void => {
    if (ports !== 'all' && ports.length === 0) return;
    const group = numbers.groupOf(ports);
    elements.push({ ...entry, value: [group] }, ...portElements(group, ports));
  };
  // In a table of one family, a range of the other never matches.
  const family = familyOf(address);
  const isOfFamily = ({ range }: PortsOfRange): boolean => range.first.family === family;
  open(policy.anywhere, { set: `${direction}-anywhere`, key: [address] });
  for (const [peerClass, ports] of policy.classes) {
    open(ports, { set: `${direction}-classes`, key: [address, numbers.classOf(peerClass)] });
  }
  for (const { range, ports } of policy.ranges.filter(isOfFamily)) {
    open(ports, { set: `${direction}-ranges`, ...rangeKeys([address], range) });
  }
  for (const [peerClass, ranges] of policy.rangesOfClasses) {
    for (const { range, ports } of ranges.filter(isOfFamily)) {
      open(ports, {
        set: `${direction}-class-ranges`,
        ...rangeKeys([address, numbers.classOf(peerClass)], range),
      });
    }
  }
  return elements;
}

function auditElements(
  direction: 'egress' | 'ingress',
  address: string,
  { policy: { audit }, numbers }: { policy: DirectionPolicy; numbers: PolicyNumbers },
): PlannedElement[] {
  if (audit === undefined) return [];
  const jump: PlannedElement = {
    set: `${direction}-audited`,
    key: [address],
    value: { verdict: 'jump', chain: auditChain[direction] },
  };
  return [jump, ...verdictElements(`${direction}-audit`, address, { verdicts: audit, numbers })];
}

/** Pods with equal verdicts share rows: only which row is whose is said per pod. */
function verdictElements(
  sets: string,
  address: string,
  { verdicts: { classes, otherwise }, numbers }: { verdicts: Verdicts; numbers: PolicyNumbers },
): PlannedElement[] {
  return [
    { set: `${sets}-otherwise`, key: [address], value: [numbers.rowOf(otherwise.stem)] },
    ...Array.from(classes, ([peerClass, { stem }]) => ({
      set: `${sets}-rows`,
      key: [address, numbers.classOf(peerClass)],
      value: [numbers.rowOf(stem)],
    })),
  ];
}

function rangeKeys(
  before: readonly NftValue[],
  { first, last }: AddressRange,
): Pick<PlannedElement, 'key' | 'keyEnd'> {
  return { key: [...before, formatAddress(first)], keyEnd: [...before, formatAddress(last)] };
}

function portElements(group: number, ports: PortSet): PlannedElement[] {
  return ports === 'all' ? [] : ports.flatMap((range) => portRangeElements(group, range));
}

/**
 * Where a protocol has no ports, the rules read other bytes of its header as the port: all of them are open then. The
 * numbers are those of IANA's registry around TCP (6), UDP (17) and SCTP (132).
 */
const otherProtocols = [
  [0, 5],
  [7, 16],
  [18, 131],
  [133, 255],
] as const;

function portRangeElements(group: number, range: PortRange): PlannedElement[] {
  if (range.protocol !== 'other') return [portElement(group, range)];
  return otherProtocols.map(([from, to]) => ({
    set: 'port-ranges',
    key: [group, from, 0],
    keyEnd: [group, to, 65_535],
  }));
}

function portElement(group: number, { protocol, first, last }: PortRange): PlannedElement {
  const name = protocol.toLowerCase();
  if (first === last) return { set: 'ports', key: [group, name, first] };
  return { set: 'port-ranges', key: [group, name, first], keyEnd: [group, name, last] };
}
