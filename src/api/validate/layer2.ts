import { parseAddress } from '../../lib/address.ts';
import { contains, parsePrefix, parseRange, rangeOf, type Prefix } from '../../lib/prefix.ts';
import type { AddressPlan, NodeRoute, Segment, VirtualSwitch } from '../types/layer2.ts';
import { checkAddress, checkCidr } from './checks.ts';
import { forbidden, invalid, required, type FieldProblem } from './problem.ts';

const vlans = { first: 1, last: 4094 };
/** Seconds. */
const leaseLengths = { first: 10, last: 31_536_000 };
/** Names are parts of other names, such as those of network namespaces. */
const longestName = 63;

/** Rules for Segment: ranges within the prefix, a tag that there is. */
export function segmentProblems({ metadata, spec = {} }: Segment): FieldProblem[] {
  const { vlan } = spec;
  const isTag = vlan === undefined || (vlan >= vlans.first && vlan <= vlans.last);
  const tag = isTag
    ? []
    : [invalid('spec.vlan', vlan, `must be between ${vlans.first} and ${vlans.last}, inclusive`)];
  return [...nameProblems(metadata.name), ...planProblems(spec), ...tag];
}

/** Rules for VirtualSwitch: an internal one has addresses of its own, an external one those of its uplink. */
export function virtualSwitchProblems({ metadata, spec }: VirtualSwitch): FieldProblem[] {
  const problems = nameProblems(metadata.name);
  if (spec.type === 'internal') {
    if (spec.prefix === undefined)
      problems.push(required('spec.prefix', 'of the network behind an internal switch'));
    if (spec.address !== undefined) problems.push(...checkAddress('spec.address', spec.address));
    return [...problems, ...planProblems(spec)];
  }
  const own = ['prefix', 'gateway', 'dhcp', 'pools', 'address'] as const;
  const detail = "an external switch has the addresses of its uplink's segment";
  return [
    ...problems,
    ...own.filter((field) => spec[field] !== undefined).map((field) => forbidden(`spec.${field}`, detail)),
  ];
}

function nameProblems(name: string): FieldProblem[] {
  if (name.length <= longestName) return [];
  return [invalid('metadata.name', name, `must be no more than ${longestName} characters`)];
}

function planProblems({ prefix, gateway, dhcp, pools = [] }: AddressPlan): FieldProblem[] {
  const ranges = [
    ...(dhcp === undefined ? [] : [{ path: 'spec.dhcp.range', text: dhcp.range }]),
    ...pools.map(({ range }, index) => ({ path: `spec.pools[${index}].range`, text: range })),
  ];
  if (prefix === undefined) {
    const needed = [...ranges.map(({ path }) => path), ...(gateway === undefined ? [] : ['spec.gateway'])];
    return needed.map((path) => forbidden(path, 'needs spec.prefix, of which it is a part'));
  }
  const problems = checkCidr('spec.prefix', prefix);
  const parsed = parsePrefix(prefix);
  if (problems.length > 0 || parsed === undefined) return problems;
  const within = ranges.flatMap(({ path, text }) => rangeProblems(path, text, parsed));
  const found = [
    ...within,
    ...balancedProblems({ pools, ...(dhcp && { dhcp }) }),
    ...serverProblems(dhcp, { prefix: parsed, gateway }),
  ];
  return gateway === undefined ? found : [...gatewayProblems(gateway, parsed), ...found];
}

/** Load balancers' addresses have claims of their own: nobody else may be given one of them. */
function balancedProblems({ dhcp, pools = [] }: AddressPlan): FieldProblem[] {
  const index = pools.findIndex(({ name }) => name === 'load-balancers');
  const balanced = parseRange(pools[index]?.range ?? '');
  if (balanced === undefined) return [];
  const others = [
    ...(dhcp === undefined ? [] : [{ what: 'spec.dhcp.range', text: dhcp.range }]),
    ...pools.flatMap(({ range }, at) =>
      at === index ? [] : [{ what: `spec.pools[${at}].range`, text: range }],
    ),
  ];
  return others.flatMap(({ what, text }) => {
    const other = parseRange(text);
    const overlaps =
      other?.first.family === balanced.first.family &&
      other.first.value <= balanced.last.value &&
      balanced.first.value <= other.last.value;
    const detail = `must not overlap ${what}, ${text}`;
    return overlaps ? [invalid(`spec.pools[${index}].range`, pools[index]?.range, detail)] : [];
  });
}

function serverProblems(dhcp: AddressPlan['dhcp'], domain: PrefixWithGateway): FieldProblem[] {
  if (dhcp === undefined) return [];
  return [...leaseProblems(dhcp), ...(dhcp.server === undefined ? [] : placeProblems(dhcp.server, domain))];
}

function leaseProblems({ leaseSeconds = leaseLengths.first }: { leaseSeconds?: number }): FieldProblem[] {
  const { first, last } = leaseLengths;
  if (leaseSeconds >= first && leaseSeconds <= last) return [];
  return [invalid('spec.dhcp.leaseSeconds', leaseSeconds, `must be between ${first} and ${last}, inclusive`)];
}

interface PrefixWithGateway {
  readonly prefix: Prefix;
  readonly gateway: string | undefined;
}

/** A server is on the domain, and nobody else. */
function placeProblems(server: string, { prefix, gateway }: PrefixWithGateway): FieldProblem[] {
  const path = 'spec.dhcp.server';
  const problems = checkAddress(path, server);
  const address = parseAddress(server);
  if (address === undefined || problems.length > 0) return problems;
  if (address.family !== 'IPv4') return [invalid(path, server, 'must be an IPv4 address: DHCP is of IPv4')];
  const { first, last } = rangeOf(prefix);
  const isEdge = address.value === first.value || address.value === last.value;
  if (contains(prefix, address) && !isEdge && server !== gateway) return [];
  return [invalid(path, server, 'must be a usable address of spec.prefix, and not spec.gateway')];
}

function gatewayProblems(gateway: string, prefix: Prefix): FieldProblem[] {
  const problems = checkAddress('spec.gateway', gateway);
  const address = parseAddress(gateway);
  if (address === undefined || problems.length > 0 || contains(prefix, address)) return problems;
  return [invalid('spec.gateway', gateway, 'must be an address of spec.prefix')];
}

function rangeProblems(path: string, text: string, prefix: Prefix): FieldProblem[] {
  const range = parseRange(text);
  if (range === undefined) {
    return [invalid(path, text, 'must be FIRST-LAST or a CIDR, such as 192.168.20.100-192.168.20.199')];
  }
  if (contains(prefix, range.first) && contains(prefix, range.last)) return [];
  return [invalid(path, text, 'must be within spec.prefix')];
}

/** Rules for NodeRoute: whoever leads to a destination is not in it. */
export function nodeRouteProblems({ spec }: NodeRoute): FieldProblem[] {
  const { destination, nextHop, metric } = spec;
  const problems = [...checkCidr('spec.destination', destination), ...checkAddress('spec.nextHop', nextHop)];
  if (metric < 1 || metric > 0x7fff_ffff) {
    problems.push(invalid('spec.metric', metric, 'must be between 1 and 2147483647, inclusive'));
  }
  const [prefix, hop] = [parsePrefix(destination), parseAddress(nextHop)];
  if (problems.length > 0 || prefix === undefined || hop === undefined) return problems;
  if (prefix.family !== hop.family)
    return [invalid('spec.nextHop', nextHop, 'must be of the family of spec.destination')];
  if (!contains(prefix, hop)) return [];
  return [
    invalid(
      'spec.nextHop',
      nextHop,
      `must not be in spec.destination (${destination}): who is there cannot lead there. To reach 192.168.21.0/24 by ` +
        '192.168.20.1, the destination is 192.168.21.0/24 and not 192.168.20.0/24',
    ),
  ];
}
