import type { Address } from '../../lib/address.ts';
import type { AddressRange } from '../../lib/prefix.ts';
import type { Direction } from './compile.ts';
import { portSetOf, resolvePort } from './named-ports.ts';
import { patternsOf } from './domain-names.ts';
import { noPorts, unionPorts, type PortSet } from './port-set.ts';
import { inRange } from './ranges.ts';
import type { AddressGroup, Identity, LinkedRule, PeerClass } from './state.ts';

/** The rule's ports that do not depend on the peer: an ingress rule's names are those of its subject. */
export function numberedPorts(rule: LinkedRule, subject: Identity, direction: Direction): PortSet {
  if (direction === 'egress') return rule.numbered;
  return rule.named.reduce(
    (ports, { port }) => unionPorts(ports, portSetOf(port, resolvePort(subject.facts, port))),
    rule.numbered,
  );
}

/** The rule's port names as the pods of a class resolve them; nobody's where there is no class. */
export function destinationPorts(
  { named }: LinkedRule,
  peerClass: Pick<PeerClass, 'marks'> | undefined,
): PortSet {
  if (peerClass === undefined) return noPorts;
  return named.reduce<PortSet>((ports, { port, trait }) => {
    return trait === undefined ? ports : unionPorts(ports, portSetOf(port, peerClass.marks.get(trait)));
  }, noPorts);
}

/** All address ranges among the rule's peers, of objects that come and go too. */
export function rangesOfRule({ ranges, groups }: LinkedRule): readonly AddressRange[] {
  return groups.length === 0 ? ranges : [...ranges, ...groups.flatMap((group) => group.ranges)];
}

/** Those that stay while addresses of domain names come and go. */
export function fixedRangesOfRule({ ranges, groups }: LinkedRule): readonly AddressRange[] {
  const nodes = groups.filter(({ spec }) => spec.kind === 'nodes');
  return nodes.length === 0 ? ranges : [...ranges, ...nodes.flatMap((group) => group.ranges)];
}

/** The domain names among the rule's peers. */
export function domainsOfRule({ groups }: LinkedRule): AddressGroup[] {
  return groups.filter(({ spec }) => spec.kind === 'domain');
}

/** Whether an address is among the rule's peers. */
export function holdsAddress(rule: LinkedRule, address: Address): boolean {
  return rangesOfRule(rule).some((range) => inRange(range, address));
}

/** Whether the rule names one of these domain names, itself or by a wildcard; `any` for any name at all. */
export function namesDomain({ groups }: LinkedRule, names: readonly string[] | 'any'): boolean {
  return groups.some(({ spec }) => {
    if (spec.kind !== 'domain') return false;
    return names === 'any' || names.some((name) => patternsOf(name).includes(spec.name));
  });
}
