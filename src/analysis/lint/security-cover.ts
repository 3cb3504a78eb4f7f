import type { SecurityRule } from '../../api/types/fabric.ts';
import { contains, parsePrefix, type Prefix } from '../../lib/prefix.ts';

/**
 * The rule that decides about everything that this one is about, for it is asked before; undefined where there is none. Tags
 * are compared by their names: what they hold differs from subnet to subnet.
 */
export function ruleBefore(rules: readonly SecurityRule[], rule: SecurityRule): SecurityRule | undefined {
  return rules
    .filter(({ direction, priority }) => direction === rule.direction && priority < rule.priority)
    .toSorted((a, b) => a.priority - b.priority)
    .find((other) => covers(other, rule));
}

function covers(wide: SecurityRule, narrow: SecurityRule): boolean {
  const { protocol = 'Any' } = wide;
  return (
    (protocol === 'Any' || protocol === narrow.protocol) &&
    everyIn(wide.sources, narrow.sources, isWithin) &&
    everyIn(wide.destinations, narrow.destinations, isWithin) &&
    everyIn(wide.sourcePorts, narrow.sourcePorts, arePortsWithin) &&
    everyIn(wide.destinationPorts, narrow.destinationPorts, arePortsWithin)
  );
}

const everything: readonly string[] = ['*'];

/** Whether one of the wide ones holds each of the narrow ones; those that are absent are all. */
function everyIn(
  wide: readonly string[] = everything,
  narrow: readonly string[] = everything,
  isIn: (narrow: string, wide: string) => boolean = isWithin,
): boolean {
  return narrow.every((one) => wide.some((other) => other === '*' || other === one || isIn(one, other)));
}

function isWithin(narrow: string, wide: string): boolean {
  const [inner, outer] = [prefixAt(narrow), prefixAt(wide)];
  return (
    inner !== undefined &&
    outer !== undefined &&
    outer.length <= inner.length &&
    contains(outer, inner.network)
  );
}

/** Of an address or a prefix; undefined for a tag. */
function prefixAt(text: string): Prefix | undefined {
  return parsePrefix(text.includes('/') ? text : `${text}/32`);
}

function arePortsWithin(narrow: string, wide: string): boolean {
  const [inner, outer] = [portsOf(narrow), portsOf(wide)];
  return outer.first <= inner.first && inner.last <= outer.last;
}

function portsOf(text: string): { readonly first: number; readonly last: number } {
  if (text === '*') return { first: 0, last: 65_535 };
  const [first = '', last = first] = text.split('-');
  return { first: Number(first), last: Number(last) };
}
