import type { Direction } from './compile.ts';
import { portSetOf, resolvePort } from './named-ports.ts';
import type { DirectionPolicy, PodPolicy } from './port.ts';
import { noPorts, portSetKey, unionPorts, type PortSet } from './port-set.ts';
import { flattenRanges, type PortsOfRange } from './ranges.ts';
import type { Identity, LinkedPolicy, LinkedRule, PeerClass } from './state.ts';

/** What a pod may do that no policy selects in this direction: everything. */
const notIsolated: DirectionPolicy = {
  isolatedBy: [],
  anywhere: 'all',
  classes: new Map(),
  ranges: [],
  rangesOfClasses: new Map(),
};

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
  const open: OpenPorts = { anywhere: noPorts, classes: new Map(), ranges: [], rangesOfClasses: new Map() };
  for (const policy of policies) {
    for (const rule of policy[direction] ?? []) addRule(open, rule, numberedPorts(rule, identity, direction));
  }
  const isolatedBy = policies.map(({ compiled }) => compiled.key);
  // Nothing can be added to everything.
  if (open.anywhere === 'all') return { ...notIsolated, isolatedBy };
  return {
    isolatedBy,
    anywhere: open.anywhere,
    classes: byNumber(open.classes),
    ranges: flattenRanges(open.ranges),
    rangesOfClasses: byNumber(
      new Map(Array.from(open.rangesOfClasses, ([number, ranges]) => [number, flattenRanges(ranges)])),
    ),
  };
}

function byNumber<T>(ofClasses: ReadonlyMap<number, T>): Map<number, T> {
  return new Map([...ofClasses].sort(([a], [b]) => a - b));
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
  readonly rangesOfClasses: Map<number, PortsOfRange[]>;
}

function addRule(open: OpenPorts, rule: LinkedRule, numbered: PortSet): void {
  if (rule.anywhere) open.anywhere = unionPorts(open.anywhere, numbered);
  for (const peerClass of rule.anywhere || rule.ranges.length > 0 ? namingClasses(rule) : []) {
    const ports = destinationPorts(rule, peerClass);
    if (rule.anywhere) openClass(open, peerClass, ports);
    for (const range of rule.ranges) openRangeOfClass(open, peerClass, { range, ports });
  }
  for (const peer of rule.peers) {
    for (const peerClass of peer.classes) {
      openClass(open, peerClass, unionPorts(numbered, destinationPorts(rule, peerClass)));
    }
  }
  for (const range of rule.ranges) open.ranges.push({ range, ports: numbered });
}

/** The classes whose pods have one of the rule's port names at least. */
function namingClasses({ named }: LinkedRule): Set<PeerClass> {
  return new Set(named.flatMap(({ trait }) => [...(trait?.classes ?? [])]));
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

function openRangeOfClass({ rangesOfClasses }: OpenPorts, { number }: PeerClass, entry: PortsOfRange): void {
  const known = rangesOfClasses.get(number);
  if (known === undefined) rangesOfClasses.set(number, [entry]);
  else known.push(entry);
}

/** A text that is equal exactly for equal allowances. */
export function allowancesKey({ ingress, egress }: PodPolicy): string {
  return `${directionKey(ingress)}\n${directionKey(egress)}`;
}

function directionKey(policy: DirectionPolicy): string {
  const { isolatedBy, anywhere, classes, ranges, rangesOfClasses } = policy;
  return [
    isolatedBy.join(),
    portSetKey(anywhere),
    ...Array.from(classes, ([number, ports]) => `${number}:${portSetKey(ports)}`),
    ...ranges.map(rangeKey),
    ...Array.from(rangesOfClasses, ([number, list]) => `${number}@${list.map(rangeKey).join(';')}`),
  ].join('|');
}

function rangeKey({ range: { first, last }, ports }: PortsOfRange): string {
  return `${first.family}${first.value}-${last.value}:${portSetKey(ports)}`;
}
