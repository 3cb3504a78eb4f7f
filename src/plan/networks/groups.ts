import { formatPrefix, parsePrefix } from '../../lib/prefix.ts';
import { shortHash } from '../../lib/hash.ts';
import type { AddressMatch, PortRanges, ResolvedRule } from '../../model/fabric/network/security.ts';
import { networksTable } from './skeleton.ts';

/** A chain whose name tells what it says: another meaning has another name, and no chain ever changes. */
export interface Chain {
  readonly name: string;
  /** Commands that make it. */
  commands(): string;
}

/** The chain of a security group's rules for one direction at one place. What they allow returns. */
export function groupChain(rules: readonly ResolvedRule[]): Chain {
  return chainOf('group', [...rules.flatMap(ruleLines), 'drop']);
}

/** A chain by its lines, which hold numbers and addresses only, and no word of anybody's. */
export function chainOf(kind: string, lines: readonly string[]): Chain {
  return namedChain(`${kind}-${shortHash(lines.join('\n'))}`, () => lines);
}

/** A chain under a name that says what is in it. */
export function namedChain(name: string, lines: () => readonly string[]): Chain {
  const table = `${networksTable.family} ${networksTable.table} ${name}`;
  return {
    name,
    commands() {
      // Another process may have made it before.
      const start = `add chain ${table}\nflush chain ${table}\n`;
      return (
        start +
        lines()
          .map((line) => `add rule ${table} ${line}\n`)
          .join('')
      );
    },
  };
}

function ruleLines(rule: ResolvedRule): string[] {
  const verdict = rule.access === 'Allow' ? 'return' : 'drop';
  return rule.sources.flatMap((source) =>
    rule.destinations.map((destination) =>
      [
        ...protocolWords(rule),
        ...addressWords('saddr', source),
        ...addressWords('daddr', destination),
        ...portWords('sport', rule.sourcePorts),
        ...portWords('dport', rule.destinationPorts),
        verdict,
      ].join(' '),
    ),
  );
}

const protocols = { Tcp: 'tcp', Udp: 'udp', Icmp: 'icmp' } as const;

function protocolWords({ protocol, sourcePorts, destinationPorts }: ResolvedRule): string[] {
  if (protocol !== 'Any') return [`meta l4proto ${protocols[protocol]}`];
  const hasPorts = sourcePorts.length + destinationPorts.length > 0;
  return hasPorts ? ['meta l4proto { tcp, udp, sctp }'] : [];
}

function addressWords(side: 'saddr' | 'daddr', match: AddressMatch): string[] {
  if (match.kind === 'any') return [];
  const prefixes = withoutCovered(match.prefixes);
  // What is in none of no prefixes is everything; what is in one of none is nothing.
  if (prefixes.length === 0) return match.kind === 'in' ? [`ip ${side} 0.0.0.0/32`] : [];
  return [`ip ${side} ${match.kind === 'outside' ? '!= ' : ''}{ ${prefixes.join(', ')} }`];
}

/** nft refuses elements of one set that overlap. */
function withoutCovered(texts: readonly string[]): string[] {
  const prefixes = texts.flatMap((text) => parsePrefix(text) ?? []).toSorted((a, b) => a.length - b.length);
  const kept: typeof prefixes = [];
  for (const prefix of prefixes) {
    const isCovered = kept.some((one) => {
      const shift = BigInt(32 - one.length);
      return one.network.value >> shift === prefix.network.value >> shift;
    });
    if (!isCovered && prefix.family === 'IPv4') kept.push(prefix);
  }
  return kept.map(formatPrefix);
}

function portWords(side: 'sport' | 'dport', ranges: PortRanges): string[] {
  if (ranges.length === 0) return [];
  const merged: [number, number][] = [];
  for (const [first, last] of ranges.toSorted(([a], [b]) => a - b)) {
    const before = merged.at(-1);
    if (before === undefined || first > before[1]) merged.push([first, last]);
    else before[1] = Math.max(before[1], last);
  }
  const texts = merged.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`));
  return [`th ${side} { ${texts.join(', ')} }`];
}
