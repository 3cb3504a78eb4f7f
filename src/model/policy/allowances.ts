import type { Direction } from './compile.ts';
import type { DirectionPolicy, PodPolicy } from './port.ts';
import { noPorts, portSetKey, unionPorts, type PortSet } from './port-set.ts';
import { flattenRanges, type PortsOfRange } from './ranges.ts';
import { destinationPorts, numberedPorts } from './rule-peers.ts';
import type { Identity, LinkedRule, PeerClass } from './state.ts';
import { rangesKey, rowKey, type Verdicts } from './rows.ts';
import { auditedTiers, enforcedTiers, hasOrder, type Tiers } from './tiers.ts';
import { verdictsOf, type Interners } from './verdicts.ts';

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

/** What the policies that select an identity allow together, per direction. */
export function allowancesOf(identity: Identity, intern: Interners): PodPolicy {
  if (identity.policies.size === 0) return unrestricted;
  const ingress = directionOf(identity, 'ingress', intern);
  const egress = directionOf(identity, 'egress', intern);
  return ingress === notIsolated && egress === notIsolated ? unrestricted : { ingress, egress };
}

/** Policies without order are united; where tiers have an order, their verdicts are spelled out. */
function directionOf(subject: Identity, direction: Direction, intern: Interners): DirectionPolicy {
  const tiers = enforcedTiers(subject, direction);
  const audited = auditedTiers(subject, direction);
  const spellOut = (of: Tiers): Verdicts => verdictsOf(of, { subject, direction }, intern);
  const enforced = hasOrder(tiers)
    ? { ...notIsolated, isolatedBy: keysOf(tiers), verdicts: spellOut(tiers) }
    : united(tiers, subject, direction);
  return audited === undefined ? enforced : { ...enforced, audit: spellOut(audited) };
}

const keysOf = ({ isolating }: Tiers): string[] => isolating.map(({ compiled }) => compiled.key);

function united(tiers: Tiers, identity: Identity, direction: Direction): DirectionPolicy {
  const policies = tiers.isolating;
  if (policies.length === 0) return notIsolated;
  const open: OpenPorts = { anywhere: noPorts, classes: new Map(), ranges: [], rangesOfClasses: new Map() };
  for (const policy of policies) {
    for (const rule of policy[direction] ?? []) addRule(open, rule, numberedPorts(rule, identity, direction));
  }
  const isolatedBy = keysOf(tiers);
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
  const { isolatedBy, anywhere, classes, ranges, rangesOfClasses, verdicts, audit } = policy;
  return [
    isolatedBy.join(),
    portSetKey(anywhere),
    ...Array.from(classes, ([number, ports]) => `${number}:${portSetKey(ports)}`),
    rangesKey(ranges),
    ...Array.from(rangesOfClasses, ([number, list]) => `${number}@${rangesKey(list)}`),
    ...(verdicts === undefined ? [] : ['tiers', ...verdictKeys(verdicts)]),
    ...(audit === undefined ? [] : ['audit', ...verdictKeys(audit)]),
  ].join('|');
}

function verdictKeys({ classes, otherwise }: Verdicts): string[] {
  return [rowKey(otherwise), ...Array.from(classes, ([number, row]) => `${number}=${rowKey(row)}`)];
}
