import type { Direction } from './compile.ts';
import { portSetOf, resolvePort } from './named-ports.ts';
import type { DirectionPolicy, PodPolicy } from './port.ts';
import { noPorts, portSetKey, unionPorts, type PortSet } from './port-set.ts';
import { flattenRanges, type PortsOfRange } from './ranges.ts';
import type { Identity, LinkedPolicy, LinkedRule, PeerClass } from './state.ts';

/** What a pod may do that no policy selects in this direction: everything. */
const notIsolated: DirectionPolicy = { isolatedBy: [], anywhere: 'all', classes: new Map(), ranges: [] };

/** The allowances of a pod that no policy selects. */
export const unrestricted: PodPolicy = { ingress: notIsolated, egress: notIsolated };

/** What the policies that select an identity allow together: the union of their rules, per direction. */
export function allowancesOf(identity: Identity): PodPolicy {
  if (identity.policies.size === 0) return unrestricted;
  return { ingress: directionOf(identity, 'ingress'), egress: directionOf(identity, 'egress') };
}

function directionOf(identity: Identity, direction: Direction): DirectionPolicy {
  const policies = isolating(identity, direction);
  if (policies.length === 0) return notIsolated;
  const open: OpenPorts = { anywhere: noPorts, classes: new Map(), ranges: [] };
  for (const policy of policies) {
    for (const rule of policy[direction] ?? []) addRule(open, rule, numberedPorts(rule, identity, direction));
  }
  const isolatedBy = policies.map(({ compiled }) => compiled.key);
  // Nothing can be added to everything.
  if (open.anywhere === 'all') return { ...notIsolated, isolatedBy };
  return {
    isolatedBy,
    anywhere: open.anywhere,
    classes: new Map([...open.classes].sort(([a], [b]) => a - b)),
    ranges: flattenRanges(open.ranges),
  };
}

/** The policies that isolate an identity in a direction, by key. */
export function isolating(identity: Identity, direction: Direction): LinkedPolicy[] {
  return [...identity.policies]
    .filter((policy) => policy[direction] !== undefined)
    .sort((a, b) => (a.compiled.key < b.compiled.key ? -1 : 1));
}

/** The rule's ports that do not depend on the peer: an ingress rule's names are those of its subject. */
export function numberedPorts(rule: LinkedRule, subject: Identity, direction: Direction): PortSet {
  if (direction === 'egress') return rule.numbered;
  return rule.named.reduce(
    (ports, { port }) => unionPorts(ports, portSetOf(port, resolvePort(subject.facts, port))),
    rule.numbered,
  );
}

interface OpenPorts {
  anywhere: PortSet;
  readonly classes: Map<number, PortSet>;
  readonly ranges: PortsOfRange[];
}

function addRule(open: OpenPorts, rule: LinkedRule, numbered: PortSet): void {
  if (rule.anywhere) {
    open.anywhere = unionPorts(open.anywhere, numbered);
    for (const { trait } of rule.named) {
      for (const peerClass of trait?.classes ?? [])
        openClass(open, peerClass, destinationPorts(rule, peerClass));
    }
  }
  for (const peer of rule.peers) {
    for (const peerClass of peer.classes) {
      openClass(open, peerClass, unionPorts(numbered, destinationPorts(rule, peerClass)));
    }
  }
  for (const range of rule.ranges) open.ranges.push({ range, ports: numbered });
}

/** The rule's port names as the pods of a class resolve them. */
function destinationPorts({ named }: LinkedRule, { marks }: Pick<PeerClass, 'marks'>): PortSet {
  return named.reduce<PortSet>((ports, { port, trait }) => {
    return trait === undefined ? ports : unionPorts(ports, portSetOf(port, marks.get(trait)));
  }, noPorts);
}

function openClass({ classes }: OpenPorts, { number }: PeerClass, ports: PortSet): void {
  const united = unionPorts(classes.get(number) ?? noPorts, ports);
  if (united === 'all' || united.length > 0) classes.set(number, united);
}

/** A text that is equal exactly for equal allowances. */
export function allowancesKey({ ingress, egress }: PodPolicy): string {
  return `${directionKey(ingress)}\n${directionKey(egress)}`;
}

function directionKey({ isolatedBy, anywhere, classes, ranges }: DirectionPolicy): string {
  return [
    isolatedBy.join(),
    portSetKey(anywhere),
    ...Array.from(classes, ([number, ports]) => `${number}:${portSetKey(ports)}`),
    ...ranges.map(
      ({ range, ports }) =>
        `${range.first.family}${range.first.value}-${range.last.value}:${portSetKey(ports)}`,
    ),
  ].join('|');
}
