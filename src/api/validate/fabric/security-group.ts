import { parseAddress } from '../../../lib/address.ts';
import { parsePrefix } from '../../../lib/prefix.ts';
import type { NetworkSecurityGroup, SecurityRule } from '../../types/fabric.ts';
import { duplicate, invalid, tooMany, type FieldProblem } from '../problem.ts';
import { ipv4Problems, nameProblems } from './prefixes.ts';

/** Azure, network-security-groups-overview. */
const mostRules = 1000;
const mostAddresses = 4000;
const priorities = { first: 100, last: 4096 } as const;
const lastPort = 65_535;

/** Rules for a security group by itself. */
export function securityGroupProblems({ metadata, spec }: NetworkSecurityGroup): FieldProblem[] {
  const { rules = [] } = spec;
  const named = nameProblems('metadata.name', metadata.name);
  if (rules.length > mostRules) return [...named, tooMany('spec.rules', rules.length, mostRules)];
  const seen = new Map<string, string>();
  const names = new Set<string>();
  return [
    ...named,
    ...rules.flatMap((rule, index) => {
      const path = `spec.rules[${index}]`;
      const problems = ruleProblems(path, rule);
      const key = `${rule.direction} ${rule.priority}`;
      const other = seen.get(key);
      if (other !== undefined) {
        const why = `is the priority of ${other} already; those of one direction are unique`;
        problems.push(invalid(`${path}.priority`, rule.priority, why));
      }
      if (names.has(rule.name)) problems.push(duplicate(`${path}.name`, rule.name));
      seen.set(key, rule.name);
      names.add(rule.name);
      return problems;
    }),
  ];
}

function ruleProblems(path: string, rule: SecurityRule): FieldProblem[] {
  const { priority, sources = [], destinations = [], sourcePorts = [], destinationPorts = [] } = rule;
  const problems = nameProblems(`${path}.name`, rule.name);
  if (priority < priorities.first || priority > priorities.last) {
    const why = `must be between ${priorities.first} and ${priorities.last}, inclusive`;
    problems.push(invalid(`${path}.priority`, priority, why));
  }
  return [
    ...problems,
    ...addressProblems(`${path}.sources`, sources),
    ...addressProblems(`${path}.destinations`, destinations),
    ...portsProblems(`${path}.sourcePorts`, sourcePorts, rule),
    ...portsProblems(`${path}.destinationPorts`, destinationPorts, rule),
  ];
}

/** `*`, an address, a CIDR, or a tag: one of three, or the name of a public service, which has a dot in it. */
const tag = /^(?:\*|VirtualNetwork|AzureLoadBalancer|Internet|[A-Za-z]+(?:\.[A-Za-z]+)+)$/;

function addressProblems(path: string, texts: readonly string[]): FieldProblem[] {
  if (texts.length > mostAddresses) return [tooMany(path, texts.length, mostAddresses)];
  return texts.flatMap((text, index) => {
    const at = `${path}[${index}]`;
    if (tag.test(text) || parseAddress(text)?.family === 'IPv4') return [];
    if (parsePrefix(text) !== undefined) return ipv4Problems(at, text);
    const why =
      'must be *, an IPv4 address or CIDR, or VirtualNetwork, AzureLoadBalancer, Internet or a public service';
    return [invalid(at, text, why)];
  });
}

function portsProblems(
  path: string,
  texts: readonly string[],
  { protocol }: Pick<SecurityRule, 'protocol'>,
): FieldProblem[] {
  return texts.flatMap((text, index) => {
    const at = `${path}[${index}]`;
    return protocol === 'Icmp' && text !== '*'
      ? [invalid(at, text, 'must be * for Icmp, which has no ports')]
      : portProblems(at, text);
  });
}

function portProblems(path: string, text: string): FieldProblem[] {
  if (text === '*') return [];
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const isRange = first !== undefined && Number(first) <= Number(last) && Number(last) <= lastPort;
  return isRange ? [] : [invalid(path, text, 'must be *, a port, or a range of ports such as 8000-8999')];
}
