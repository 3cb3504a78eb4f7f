import type { NetworkSecurityGroup, SecurityRule } from '../../../api/types/fabric.ts';
import { parseAddress } from '../../../lib/address.ts';
import { contains, parsePrefix } from '../../../lib/prefix.ts';
import { platformAddress } from './platform.ts';
import { peersOf, sitesOf, subnetOf, type NetworkWorld } from './world.ts';

/** Addresses that a rule is about: all, those in these prefixes, or those in none of them. */
export type AddressMatch =
  | { readonly kind: 'any' }
  | { readonly kind: 'in' | 'outside'; readonly prefixes: readonly string[] };

/** First and last port, both included; all when there is none. */
export type PortRanges = readonly (readonly [first: number, last: number])[];

/** A rule of a NetworkSecurityGroup as it is for the interfaces of one subnet: tags are prefixes there. */
export interface ResolvedRule {
  readonly name: string;
  readonly priority: number;
  readonly access: 'Allow' | 'Deny';
  readonly protocol: NonNullable<SecurityRule['protocol']>;
  /** One of them must match; likewise below. */
  readonly sources: readonly AddressMatch[];
  readonly sourcePorts: PortRanges;
  readonly destinations: readonly AddressMatch[];
  readonly destinationPorts: PortRanges;
  /** Its place in `spec.rules`; absent for those that every group has. */
  readonly index?: number;
}

/** Where a group is asked: of a subnet, or of an interface in it. */
export interface SecurityPlace {
  readonly network: string;
  readonly subnet: string;
}

export type Direction = SecurityRule['direction'];

/** The rules that decide about flows of one direction, in their order; the last one matches everything (Azure, network-security-groups-overview). */
export function resolvedRules(
  world: NetworkWorld,
  group: NetworkSecurityGroup,
  { place, direction }: { readonly place: SecurityPlace; readonly direction: Direction },
): ResolvedRule[] {
  const tags = tagsAt(world, place);
  const own = (group.spec.rules ?? []).map((rule, index): [SecurityRule, number?] => [rule, index]);
  return [...own, ...defaultRules.map((rule): [SecurityRule] => [rule])]
    .filter(([rule]) => rule.direction === direction)
    .toSorted(([a], [b]) => a.priority - b.priority)
    .map(([rule, index]) => ({
      name: rule.name,
      priority: rule.priority,
      access: rule.access,
      protocol: rule.protocol ?? 'Any',
      sources: (rule.sources ?? ['*']).map(tags),
      sourcePorts: rangesOf(rule.sourcePorts),
      destinations: (rule.destinations ?? ['*']).map(tags),
      destinationPorts: rangesOf(rule.destinationPorts),
      ...(index !== undefined && { index }),
    }));
}

/** A new flow, as a group sees it. Protocols other than these have no ports. */
export interface JudgedFlow {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP' | 'ICMP';
  readonly source: string;
  readonly sourcePort?: number;
  readonly destination: string;
  readonly destinationPort?: number;
}

/** The first rule that matches. */
export function decidingRule(rules: readonly ResolvedRule[], flow: JudgedFlow): ResolvedRule | undefined {
  return rules.find(
    (rule) =>
      (rule.protocol === 'Any' || rule.protocol.toUpperCase() === flow.protocol) &&
      isAbout(rule, flow) &&
      isInRanges(rule.sourcePorts, flow.sourcePort) &&
      isInRanges(rule.destinationPorts, flow.destinationPort),
  );
}

/** Whether the addresses of a rule are these. */
export function isAbout(
  { sources, destinations }: ResolvedRule,
  { source, destination }: Pick<JudgedFlow, 'source' | 'destination'>,
): boolean {
  return (
    sources.some((match) => isMatch(match, source)) &&
    destinations.some((match) => isMatch(match, destination))
  );
}

const rule = (
  [name, priority, direction, access]: [string, number, Direction, SecurityRule['access']],
  source = '*',
  destination = '*',
): SecurityRule => ({ name, priority, direction, access, sources: [source], destinations: [destination] });

/** What every group has behind its own rules. */
const defaultRules: readonly SecurityRule[] = [
  rule(['AllowVNetInBound', 65_000, 'Inbound', 'Allow'], 'VirtualNetwork', 'VirtualNetwork'),
  rule(['AllowAzureLoadBalancerInBound', 65_001, 'Inbound', 'Allow'], 'AzureLoadBalancer'),
  rule(['DenyAllInBound', 65_500, 'Inbound', 'Deny']),
  rule(['AllowVnetOutBound', 65_000, 'Outbound', 'Allow'], 'VirtualNetwork', 'VirtualNetwork'),
  rule(['AllowInternetOutBound', 65_001, 'Outbound', 'Allow'], '*', 'Internet'),
  rule(['DenyAllOutBound', 65_500, 'Outbound', 'Deny']),
];

/** What an address or a tag of a rule means at a place. */
function tagsAt(world: NetworkWorld, place: SecurityPlace): (text: string) => AddressMatch {
  const around = virtualNetworkPrefixes(world, place);
  const services = new Map(world.services.map(({ name, prefixes }) => [name, prefixes]));
  return (text) => {
    if (text === '*') return { kind: 'any' };
    if (text === 'VirtualNetwork') return { kind: 'in', prefixes: around };
    if (text === 'Internet') return { kind: 'outside', prefixes: around };
    if (text === 'AzureLoadBalancer') return { kind: 'in', prefixes: [`${platformAddress}/32`] };
    return { kind: 'in', prefixes: services.get(text) ?? [text.includes('/') ? text : `${text}/32`] };
  };
}

/**
 * The network, its peers, what is on premises, the platform's address, the prefixes of the subnet's own routes, and the
 * blocks of overlays on it: a group without rules of its own is not in the way of pods
 * (https://learn.microsoft.com/azure/aks/concepts-network-azure-cni-overlay, "Network Security Groups").
 */
function virtualNetworkPrefixes(world: NetworkWorld, { network, subnet }: SecurityPlace): string[] {
  const networks = [network, ...peersOf(world, network)];
  const table = subnetOf(world, network, subnet)?.routeTable;
  const routes = table === undefined ? [] : (world.routeTables.get(table)?.spec.routes ?? []);
  return [
    ...networks.flatMap((name) => world.networks.get(name)?.spec.addressSpace ?? []),
    ...sitesOf(world, network).flatMap(({ spec }) => spec.prefixes),
    ...world.interfaces.flatMap((one) => (one.network === network ? (one.domain?.blocks ?? []) : [])),
    `${platformAddress}/32`,
    // With the prefix of every address, the tag would leave no internet.
    ...routes.map(({ prefix }) => prefix).filter((prefix) => !prefix.endsWith('/0')),
  ];
}

function rangesOf(texts: readonly string[] = ['*']): PortRanges {
  if (texts.includes('*')) return [];
  return texts.map((text) => {
    const [first = '', last = first] = text.split('-');
    return [Number(first), Number(last)] as const;
  });
}

function isMatch(match: AddressMatch, text: string): boolean {
  if (match.kind === 'any') return true;
  const address = parseAddress(text);
  const isIn = match.prefixes.some((one) => {
    const prefix = parsePrefix(one);
    return address !== undefined && prefix !== undefined && contains(prefix, address);
  });
  return isIn === (match.kind === 'in');
}

function isInRanges(ranges: PortRanges, port: number | undefined): boolean {
  return (
    ranges.length === 0 ||
    (port !== undefined && ranges.some(([first, last]) => first <= port && port <= last))
  );
}
