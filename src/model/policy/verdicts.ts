import { formatAddress, type Address, type Family } from '../../lib/address.ts';
import type { AddressRange } from '../../lib/prefix.ts';
import type { Direction } from './compile.ts';
import { intersectPorts, noPorts, portSetKey, subtractPorts, unionPorts, type PortSet } from './port-set.ts';
import { flattenRanges, inRange, wholeSpace } from './ranges.ts';
import { patternsOf } from './domain-names.ts';
import { portsOfStem, rangesKey, type NameOpening, type Row, type RowStem, type Verdicts } from './rows.ts';
import { destinationPorts, domainsOfRule, fixedRangesOfRule, numberedPorts } from './rule-peers.ts';
import type { AddressGroup, Identity, LinkedPolicy, LinkedRule, PeerClass } from './state.ts';
import type { Tiers } from './tiers.ts';

/** Equal rows, and equal stems of rows, become one object. */
export interface Interners {
  row(row: Row): Row;
  stem(stem: RowStem): RowStem;
}

/**
 * Asks all tiers about every kind of peer that their rules can tell apart: the address space is cut at the bounds
 * of all ranges, and within a cell a class of pods meets the same rules everywhere. Addresses of domain names cut nothing:
 * they are told one by one.
 */
export function verdictsOf(
  tiers: Tiers,
  { subject, direction }: { readonly subject: Identity; readonly direction: Direction },
  intern: Interners,
): Verdicts {
  const flat = flatten(tiers, subject, direction);
  const rules = [...flat.admin, ...flat.allowing, ...flat.baseline];
  const cells = cellsOf(rules.flatMap(({ ranges }) => ranges));
  const named = namedAddresses(rules);
  const rows = new Map<string, Row>();
  const rowOf = (peerClass: PeerClass | undefined): Row => {
    const views = new Map(rules.map((rule) => [rule, viewOf(rule, peerClass)]));
    const key = [...views.values()].map(({ isPeer, ports }) => `${isPeer}${portSetKey(ports)}`).join('|');
    const known = rows.get(key);
    if (known !== undefined) return known;
    const stem = intern.stem({
      ranges: flattenRanges(
        cells.map((range) => ({ range, ports: judge(flat, views, { at: range.first }) })),
      ),
      names: namesKey(flat, views),
      towardsNames: (isNameable) => openingsOf(cells.filter(isNameable), flat, views),
    });
    const shared = intern.row({ stem, named: portsOfNamed(named, { flat, views, stem }) });
    rows.set(key, shared);
    return shared;
  };
  const otherwise = rowOf(undefined);
  const classes = [...classesOf(tiers, direction)]
    .sort((a, b) => a.number - b.number)
    .map((peerClass) => [peerClass.number, rowOf(peerClass)] as const)
    .filter(([, row]) => row !== otherwise);
  return { classes: new Map(classes), otherwise };
}

/** A rule as one subject has it. */
interface SubjectRule {
  readonly rule: LinkedRule;
  readonly numbered: PortSet;
  readonly ranges: readonly AddressRange[];
  readonly domains: readonly AddressGroup[];
}

interface FlatTiers {
  readonly admin: readonly SubjectRule[];
  readonly isIsolated: boolean;
  readonly allowing: readonly SubjectRule[];
  readonly baseline: readonly SubjectRule[];
}

function flatten({ admin, isolating, baseline }: Tiers, subject: Identity, direction: Direction): FlatTiers {
  const rulesOf = (policies: readonly LinkedPolicy[]): SubjectRule[] =>
    policies.flatMap((policy) =>
      (policy[direction] ?? []).map((rule) => ({
        rule,
        numbered: numberedPorts(rule, subject, direction),
        ranges: fixedRangesOfRule(rule),
        domains: domainsOfRule(rule),
      })),
    );
  return {
    admin: rulesOf(admin),
    isIsolated: isolating.length > 0,
    allowing: rulesOf(isolating),
    baseline: rulesOf(baseline),
  };
}

/** What a rule is to the pods of one class, wherever they are; its ranges say more. */
interface ClassView {
  readonly isPeer: boolean;
  readonly ports: PortSet;
}

function viewOf({ rule, numbered }: SubjectRule, peerClass: PeerClass | undefined): ClassView {
  return {
    isPeer:
      rule.anywhere || (peerClass !== undefined && rule.peers.some((trait) => peerClass.marks.has(trait))),
    ports: unionPorts(numbered, destinationPorts(rule, peerClass)),
  };
}

/** The classes that any of the rules looks at. */
function classesOf(tiers: Tiers, direction: Direction): Set<PeerClass> {
  const policies = [...tiers.admin, ...tiers.isolating, ...tiers.baseline];
  const rules = policies.flatMap((policy) => policy[direction] ?? []);
  const traits = rules.flatMap(({ peers, named }) => [
    ...peers,
    ...named.flatMap(({ trait }) => trait ?? []),
  ]);
  return new Set(traits.flatMap(({ classes }) => [...classes]));
}

/** An address, and the domain names of the rules that it is known by now. */
interface Spot {
  readonly at: Address;
  readonly domains?: ReadonlySet<AddressGroup>;
}

/** Every address that a domain name of the rules has now. */
function namedAddresses(rules: readonly SubjectRule[]): Required<Spot>[] {
  const spots = new Map<string, { at: Address; domains: Set<AddressGroup> }>();
  for (const domain of new Set(rules.flatMap(({ domains }) => domains))) {
    for (const at of [...domain.members.values()].flat()) {
      const text = formatAddress(at);
      const spot = spots.get(text) ?? { at, domains: new Set() };
      spot.domains.add(domain);
      spots.set(text, spot);
    }
  }
  return [...spots.values()];
}

/** Many addresses of one name lie in one range of the stem: each kind of them is judged once. */
function portsOfNamed(
  spots: readonly Required<Spot>[],
  { flat, views, stem }: { flat: FlatTiers; views: ReadonlyMap<SubjectRule, ClassView>; stem: RowStem },
): Map<string, PortSet> {
  const named = new Map<string, PortSet>();
  const known = new Map<string, PortSet>();
  const rules = [...views.keys()];
  for (const spot of spots) {
    const usual = portsOfStem(stem, spot.at);
    const matched = rules.map(({ ranges, domains }) =>
      domains.some((domain) => spot.domains.has(domain)) || ranges.some((range) => inRange(range, spot.at))
        ? '1'
        : '0',
    );
    const key = matched.join('');
    const ports = known.get(key) ?? judge(flat, views, spot);
    known.set(key, ports);
    if (portSetKey(ports) !== portSetKey(usual)) named.set(formatAddress(spot.at), ports);
  }
  return named;
}

/** What each domain name of the rules opens in the cells where its addresses may be. */
function openingsOf(
  cells: readonly AddressRange[],
  flat: FlatTiers,
  views: ReadonlyMap<SubjectRule, ClassView>,
): Map<string, NameOpening> {
  const all = new Set([...views.keys()].flatMap(({ domains }) => domains));
  const openings = new Map<string, NameOpening>();
  for (const { spec } of all) {
    if (spec.kind !== 'domain') continue;
    // Wider wildcards mean the name too.
    const patterns = patternsOf(spec.name);
    const domains = new Set(
      [...all].filter((other) => other.spec.kind === 'domain' && patterns.includes(other.spec.name)),
    );
    const named = cells.map(({ first: at }) => judge(flat, views, { at, domains }));
    const ports = cells
      .map(({ first: at }, index) => subtractPorts(named[index] ?? noPorts, judge(flat, views, { at })))
      .reduce(unionPorts, noPorts);
    const isEverywhere = named.every((open) => isNone(subtractPorts(ports, open)));
    if (!isNone(ports)) openings.set(spec.name, { ports, isEverywhere });
  }
  return openings;
}

const isNone = (ports: PortSet): boolean => ports !== 'all' && ports.length === 0;

/** All that decides about the addresses of domain names, whichever they are; nothing where no rule has any. */
function namesKey(
  { admin, isIsolated, allowing, baseline }: FlatTiers,
  views: ReadonlyMap<SubjectRule, ClassView>,
): string {
  if (![...views.keys()].some(({ domains }) => domains.length > 0)) return '';
  const words = (rules: readonly SubjectRule[]): unknown =>
    rules.map((one) => {
      const view = views.get(one);
      const ports = view?.ports ?? noPorts;
      return [
        one.rule.action,
        view?.isPeer,
        portSetKey(ports),
        rangesKey(one.ranges.map((range) => ({ range, ports }))),
        one.domains.map(({ spec }) => spec.key),
      ];
    });
  return JSON.stringify([words(admin), isIsolated, words(allowing), words(baseline)]);
}

/** The open ports towards one class at one address. */
function judge(
  { admin, isIsolated, allowing, baseline }: FlatTiers,
  views: ReadonlyMap<SubjectRule, ClassView>,
  { at, domains }: Spot,
): PortSet {
  const portsOf = (one: SubjectRule): PortSet => {
    const view = views.get(one);
    const isPeer =
      view?.isPeer === true ||
      one.ranges.some((range) => inRange(range, at)) ||
      (domains !== undefined && one.domains.some((domain) => domains.has(domain)));
    return isPeer ? (view?.ports ?? noPorts) : noPorts;
  };
  const first = walk(admin, 'all', portsOf);
  const left = unionPorts(first.undecided, first.passed);
  if (isIsolated) {
    const allowed = allowing.map(portsOf).reduce(unionPorts, noPorts);
    return unionPorts(first.accepted, intersectPorts(left, allowed));
  }
  const last = walk(baseline, left, portsOf);
  return [first.accepted, last.accepted, last.passed, last.undecided].reduce(unionPorts, noPorts);
}

interface TierResult {
  readonly accepted: PortSet;
  readonly passed: PortSet;
  readonly undecided: PortSet;
}

/** One tier: the first rule that matches a port settles it there. */
function walk(
  rules: readonly SubjectRule[],
  asked: PortSet,
  portsOf: (rule: SubjectRule) => PortSet,
): TierResult {
  let [accepted, passed, undecided] = [noPorts, noPorts, asked];
  for (const one of rules) {
    const matched = intersectPorts(undecided, portsOf(one));
    if (one.rule.action === 'Accept') accepted = unionPorts(accepted, matched);
    if (one.rule.action === 'Pass') passed = unionPorts(passed, matched);
    undecided = subtractPorts(undecided, matched);
  }
  return { accepted, passed, undecided };
}

/** See `PolicyModel`; everything is one cell of each family where no policy has a say. */
export function addressCells(tiers: Tiers | undefined, direction: Direction): AddressRange[] {
  const policies = tiers === undefined ? [] : [...tiers.admin, ...tiers.isolating, ...tiers.baseline];
  const rules = policies.flatMap((policy) => policy[direction] ?? []);
  return cellsOf(rules.flatMap(fixedRangesOfRule));
}

/** The whole address space, cut at the bounds of the ranges. */
function cellsOf(ranges: readonly AddressRange[]): AddressRange[] {
  return (['IPv4', 'IPv6'] as const).flatMap((family) => cut(family, ranges));
}

function cut(family: Family, ranges: readonly AddressRange[]): AddressRange[] {
  const whole = wholeSpace(family);
  const starts = new Set([whole.first.value]);
  for (const { first, last } of ranges) {
    if (first.family !== family) continue;
    starts.add(first.value).add(last.value + 1n);
  }
  const sorted = [...starts].filter((value) => value <= whole.last.value).sort((a, b) => (a < b ? -1 : 1));
  return sorted.map((value, index) => ({
    first: { family, value },
    last: { family, value: (sorted[index + 1] ?? whole.last.value + 1n) - 1n },
  }));
}
