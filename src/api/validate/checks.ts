import { formatAddress, parseAddress, type Address, type Family } from '../../lib/address.ts';
import { contains, formatPrefix, parsePrefix, type Prefix } from '../../lib/prefix.ts';
import type { IntOrString, Labels, LabelSelector } from '../types/meta.ts';
import { labelValue, portName, portNumber, qualifiedName } from './names.ts';
import { forbidden, invalid, required, type FieldProblem } from './problem.ts';

/** A problem where a syntax finds one with the text, nothing otherwise. */
export function checkSyntax<T>(
  path: string,
  value: T,
  syntax: (value: T) => string | undefined,
): FieldProblem[] {
  const detail = syntax(value);
  return detail === undefined ? [] : [invalid(path, value, detail)];
}

/** Keys and values of labels; upstream names the map, not the key, as the field. */
export function checkLabels(path: string, labels: Labels | undefined): FieldProblem[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...checkSyntax(path, key, qualifiedName),
    ...checkSyntax(path, value, labelValue),
  ]);
}

const operators: ReadonlySet<string> = new Set(['In', 'NotIn', 'Exists', 'DoesNotExist']);

/** Keys, values, and which operators need values. */
export function checkSelector(path: string, selector: LabelSelector | undefined): FieldProblem[] {
  const expressions = (selector?.matchExpressions ?? []).flatMap((requirement, index) => {
    const at = `${path}.matchExpressions[${index}]`;
    const { key, operator, values = [] } = requirement;
    const needsValues = operator === 'In' || operator === 'NotIn';
    const problems = checkSyntax(`${at}.key`, key, qualifiedName);
    if (!operators.has(operator))
      return [...problems, invalid(`${at}.operator`, operator, 'not a valid selector operator')];
    if (needsValues && values.length === 0) {
      problems.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    }
    if (!needsValues && values.length > 0) {
      problems.push(
        forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      );
    }
    const inValues = values.flatMap((value, i) => checkSyntax(`${at}.values[${i}]`, value, labelValue));
    return [...problems, ...inValues];
  });
  return [...checkLabels(`${path}.matchLabels`, selector?.matchLabels), ...expressions];
}

/** A port by number or by name. */
export function checkPort(path: string, port: IntOrString): FieldProblem[] {
  return typeof port === 'number' ? checkSyntax(path, port, portNumber) : checkSyntax(path, port, portName);
}

/** A CIDR without host bits; IPv4 in IPv6 notation is refused, for it matches no packet. */
export function checkCidr(path: string, cidr: string): FieldProblem[] {
  const prefix = parsePrefix(cidr);
  if (prefix === undefined) {
    return [invalid(path, cidr, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
  }
  if (isMapped(prefix.network)) return [invalid(path, cidr, 'must not be an IPv4-mapped IPv6 CIDR')];
  const address = parseAddress(cidr.slice(0, cidr.indexOf('/')));
  if (address?.value === prefix.network.value) return [];
  return [
    invalid(path, cidr, `must not have bits set beyond the prefix length; write ${formatPrefix(prefix)}`),
  ];
}

/** An address, of one family where that is asked for. */
export function checkAddress(path: string, text: string, family?: Family): FieldProblem[] {
  const address = parseAddress(text);
  if (address === undefined || isMapped(address)) {
    return [invalid(path, text, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
  }
  if (family !== undefined && address.family !== family)
    return [invalid(path, text, `must be an ${family} address`)];
  return [];
}

/** An address as it is written best (RFC 5952); what is younger than that rule takes no other. */
export function checkCanonicalAddress(path: string, text: string): FieldProblem[] {
  const address = parseAddress(text);
  if (address === undefined || isMapped(address) || formatAddress(address) === text)
    return checkAddress(path, text);
  return [invalid(path, text, `must be in canonical form (${JSON.stringify(formatAddress(address))})`)];
}

/** A CIDR as it is written best. */
export function checkCanonicalCidr(path: string, cidr: string): FieldProblem[] {
  const prefix = parsePrefix(cidr);
  const problems = checkCidr(path, cidr);
  if (problems.length > 0 || prefix === undefined || formatPrefix(prefix) === cidr) return problems;
  return [invalid(path, cidr, `must be in canonical form (${JSON.stringify(formatPrefix(prefix))})`)];
}

const specialRanges = (
  [
    ['unspecified', ['0.0.0.0/32', '::/128']],
    ['loopback', ['127.0.0.0/8', '::1/128']],
    ['link-local', ['169.254.0.0/16', 'fe80::/10']],
    ['link-local multicast', ['224.0.0.0/24', 'ff02::/16']],
  ] as const
).map(([name, cidrs]) => ({ name, prefixes: cidrs.map(parsePrefix) }));

/** An address that traffic can be sent to across nodes (core validation `ValidateNonSpecialIP`). */
export function checkOrdinaryAddress(path: string, text: string, family?: Family): FieldProblem[] {
  const problems = checkAddress(path, text, family);
  const address = parseAddress(text);
  if (problems.length > 0 || address === undefined) return problems;
  const special = specialRanges.find(({ prefixes }) => prefixes.some((prefix) => covers(prefix, address)));
  return special === undefined ? [] : [invalid(path, text, `may not be ${special.name}`)];
}

function covers(prefix: Prefix | undefined, address: Address): boolean {
  return prefix !== undefined && contains(prefix, address);
}

/** ::ffff:0:0/96 */
function isMapped(address: Address): boolean {
  return address.family === 'IPv6' && address.value >> 32n === 0xffffn;
}
