import { contains, parsePrefix } from '../../../lib/prefix.ts';
import { checkCidr } from '../checks.ts';
import { invalid, tooLong, type FieldProblem } from '../problem.ts';

/** Names of networks, subnets and the like are no longer (AKS, concepts-network). */
const longestName = 63;

export function nameProblems(path: string, name: string): FieldProblem[] {
  return name.length > longestName ? [tooLong(path, longestName)] : [];
}

/** Ranges that networks, pods and Services may not touch (AKS, concepts-network-legacy-cni). */
const bannedRanges = ['169.254.0.0/16', '172.30.0.0/16', '172.31.0.0/16', '192.0.2.0/24'];

/** An IPv4 CIDR without host bits. */
export function ipv4Problems(path: string, cidr: string): FieldProblem[] {
  const problems = checkCidr(path, cidr);
  if (problems.length > 0 || parsePrefix(cidr)?.family === 'IPv4') return problems;
  return [invalid(path, cidr, 'must be an IPv4 CIDR: virtual networks have no IPv6 here')];
}

/** A CIDR of machines: an IPv4 one that has nothing in common with the ranges that nobody may have. */
export function spaceProblems(path: string, cidr: string): FieldProblem[] {
  const problems = ipv4Problems(path, cidr);
  const banned = problems.length > 0 ? undefined : bannedRanges.find((one) => overlapping(one, cidr));
  return banned === undefined
    ? problems
    : [invalid(path, cidr, `must not overlap ${banned}, which is reserved`)];
}

/** Whether two CIDRs have addresses in common; false where one is none. */
export function overlapping(one: string, other: string): boolean {
  const [a, b] = [parsePrefix(one), parsePrefix(other)];
  return a !== undefined && b !== undefined && (contains(a, b.network) || contains(b, a.network));
}

/** Whether the first CIDR holds the second. */
export function holds(outer: string, inner: string): boolean {
  const [a, b] = [parsePrefix(outer), parsePrefix(inner)];
  return a !== undefined && b !== undefined && a.length <= b.length && contains(a, b.network);
}

/** A problem for every CIDR of a list that overlaps one before it; `pathOf` names the one at an index. */
export function overlapProblems(cidrs: readonly string[], pathOf: (index: number) => string): FieldProblem[] {
  return cidrs.flatMap((cidr, index) => {
    const before = cidrs.slice(0, index).find((one) => overlapping(one, cidr));
    return before === undefined ? [] : [invalid(pathOf(index), cidr, `must not overlap ${before}`)];
  });
}
