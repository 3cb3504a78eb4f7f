import type {
  AdminNetworkPolicy,
  BaselineAdminNetworkPolicy,
  ClusterNetworkPolicy,
  ClusterNetworkPolicyProtocol,
  DestinationPort,
  EgressPeer,
  OlderPolicyPort,
  OlderPolicySpec,
  PolicySubject,
} from '../types/policy.ts';
import { checkCidr, checkSelector, checkSyntax } from './checks.ts';
import { portNumber } from './names.ts';
import { policyModeProblems } from './policy-mode.ts';
import {
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  type FieldProblem,
} from './problem.ts';

/** Rules of one list, one peer list and one port list may hold at most so many entries. */
const most = 25;
const highestPriority = 1000;
const longestName = 100;

/** Rules for ClusterNetworkPolicies: those that its definition (v1alpha2, v1beta1) states. */
export function clusterNetworkPolicyProblems({ metadata, spec }: ClusterNetworkPolicy): FieldProblem[] {
  const parts = (
    one: Pick<NonNullable<typeof spec.egress>[number], 'protocols'>,
    path: string,
  ): FieldProblem[] => listProblems(`${path}.protocols`, one.protocols, protocolProblems);
  return [
    ...policyModeProblems(metadata),
    ...emptyProblems('spec.tier', spec.tier),
    ...priorityProblems(spec.priority),
    ...oneOf('spec.subject', spec.subject),
    ...subjectProblems('spec.subject', spec.subject),
    ...rulesProblems('spec.ingress', spec.ingress, (rule, path) => [
      ...parts(rule, path),
      ...peersProblems(`${path}.from`, rule.from),
    ]),
    ...rulesProblems('spec.egress', spec.egress, (rule, path) => [
      ...parts(rule, path),
      ...peersProblems(`${path}.to`, rule.to),
      ...namedPortProblems(
        path,
        rule.to,
        rule.protocols?.some((one) => one.destinationNamedPort !== undefined),
      ),
      ...domainActionProblems(path, rule.to, rule.action),
    ]),
  ];
}

/** Rules for AdminNetworkPolicies (v1alpha1). */
export function adminNetworkPolicyProblems({ metadata, spec }: AdminNetworkPolicy): FieldProblem[] {
  return [...policyModeProblems(metadata), ...priorityProblems(spec.priority), ...olderProblems(spec)];
}

/** Rules for BaselineAdminNetworkPolicies (v1alpha1): there is one, named `default`. */
export function baselineAdminNetworkPolicyProblems({
  metadata,
  spec,
}: BaselineAdminNetworkPolicy): FieldProblem[] {
  const names =
    metadata.name === 'default' ? [] : [notSupported('metadata.name', metadata.name, ['default'])];
  return [...names, ...policyModeProblems(metadata), ...olderProblems(spec)];
}

function olderProblems({ subject, ingress, egress }: OlderPolicySpec): FieldProblem[] {
  return [
    ...oneOf('spec.subject', subject),
    ...subjectProblems('spec.subject', subject),
    ...rulesProblems('spec.ingress', ingress, (rule, path) => [
      ...listProblems(`${path}.ports`, rule.ports, olderPortProblems),
      ...peersProblems(`${path}.from`, rule.from),
    ]),
    ...rulesProblems('spec.egress', egress, (rule, path) => [
      ...listProblems(`${path}.ports`, rule.ports, olderPortProblems),
      ...peersProblems(`${path}.to`, rule.to),
      ...namedPortProblems(
        path,
        rule.to,
        rule.ports?.some(({ namedPort }) => namedPort !== undefined),
      ),
      ...domainActionProblems(path, rule.to, rule.action),
    ]),
  ];
}

function priorityProblems(priority: number): FieldProblem[] {
  return priority >= 0 && priority <= highestPriority
    ? []
    : [invalid('spec.priority', priority, `must be between 0 and ${highestPriority}, inclusive`)];
}

/** Other words that nobody knows are found by the schema, to which an empty one is none. */
const emptyProblems = (path: string, word: string): FieldProblem[] => (word === '' ? [required(path)] : []);

function rulesProblems<R extends { name?: string; action: string }>(
  path: string,
  rules: readonly R[] | undefined,
  problemsOf: (rule: R, path: string) => FieldProblem[],
): FieldProblem[] {
  const all = (rules ?? []).flatMap((rule, index) => [
    ...nameProblems(`${path}[${index}].name`, rule.name),
    ...emptyProblems(`${path}[${index}].action`, rule.action),
    ...problemsOf(rule, `${path}[${index}]`),
  ]);
  return (rules ?? []).length > most ? [tooMany(path, rules?.length ?? 0, most), ...all] : all;
}

function nameProblems(path: string, name = ''): FieldProblem[] {
  return name.length > longestName ? [tooLong(path, longestName)] : [];
}

/** A list that, where it is given, holds something. */
function listProblems<T extends object>(
  path: string,
  list: readonly T[] | undefined,
  problemsOf: (path: string, one: T) => FieldProblem[],
): FieldProblem[] {
  if (list === undefined) return [];
  if (list.length === 0) return [required(path, 'must hold one entry at least, or be left out')];
  const many = list.length > most ? [tooMany(path, list.length, most)] : [];
  return [...many, ...list.flatMap((one, index) => problemsOf(`${path}[${index}]`, one))];
}

function peersProblems(path: string, peers: readonly EgressPeer[]): FieldProblem[] {
  return listProblems(path, peers, (at, peer) => [
    ...oneOf(at, peer),
    ...subjectProblems(at, peer),
    ...checkSelector(`${at}.nodes`, peer.nodes),
    ...listProblems(
      `${at}.networks`,
      peer.networks?.map((cidr) => ({ cidr })),
      (one, { cidr }) => checkCidr(one, cidr),
    ),
    ...listProblems(
      `${at}.domainNames`,
      peer.domainNames?.map((name) => ({ name })),
      (one, { name }) => checkSyntax(one, name, domainName),
    ),
  ]);
}

function subjectProblems(path: string, { namespaces, pods }: PolicySubject): FieldProblem[] {
  return [
    ...checkSelector(`${path}.namespaces`, namespaces),
    ...checkSelector(`${path}.pods.namespaceSelector`, pods?.namespaceSelector),
    ...checkSelector(`${path}.pods.podSelector`, pods?.podSelector),
  ];
}

/** Exactly one field: none is a field of a later version, several are contradictory. */
function oneOf(path: string, object: object): FieldProblem[] {
  const fields = Object.keys(object);
  if (fields.length === 1) return [];
  return fields.length === 0
    ? [required(path, 'must have exactly one field')]
    : [forbidden(path, `must have exactly one of the fields ${fields.join(', ')}`)];
}

const label = /^[a-z0-9]([-a-z0-9_]*[a-z0-9])?$/i;

function domainName(text: string): string | undefined {
  const labels = text.replace(/^\*\./, '').replace(/\.$/, '').split('.');
  if (labels.length > 1 && labels.every((one) => label.test(one))) return undefined;
  return 'must be a domain name of two labels or more (example.com), or one behind "*." for all names below it';
}

/** Only pods give names to ports. */
function namedPortProblems(path: string, peers: readonly EgressPeer[], hasName = false): FieldProblem[] {
  const isElsewhere = peers.some(
    ({ nodes, networks, domainNames }) => (nodes ?? networks ?? domainNames) !== undefined,
  );
  return hasName && isElsewhere
    ? [forbidden(path, 'networks, nodes and domain names have no names for ports: give the number')]
    : [];
}

/** What has not been asked for has no address yet, and cannot be denied. */
function domainActionProblems(path: string, peers: readonly EgressPeer[], action: string): FieldProblem[] {
  if (action === 'Accept' || action === 'Allow') return [];
  return peers.some(({ domainNames }) => domainNames !== undefined)
    ? [
        forbidden(
          `${path}.action`,
          'domain names can only be accepted: accept them above a rule that denies the rest',
        ),
      ]
    : [];
}

function protocolProblems(path: string, protocol: ClusterNetworkPolicyProtocol): FieldProblem[] {
  const ports = (['tcp', 'udp', 'sctp'] as const).flatMap((field) => {
    const match = protocol[field];
    if (match === undefined) return [];
    const { destinationPort: port } = match;
    const at = `${path}.${field}.destinationPort`;
    return port === undefined
      ? [required(at, 'all ports are the range from 1 to 65535')]
      : portProblems(at, port);
  });
  return [...oneOf(path, protocol), ...ports];
}

function portProblems(path: string, port: DestinationPort): FieldProblem[] {
  const { number, range } = port;
  return [
    ...oneOf(path, port),
    ...(number === undefined ? [] : checkSyntax(`${path}.number`, number, portNumber)),
    ...(range === undefined ? [] : rangeProblems(`${path}.range`, range)),
  ];
}

function rangeProblems(path: string, { start, end }: { start: number; end: number }): FieldProblem[] {
  const problems = [
    ...checkSyntax(`${path}.start`, start, portNumber),
    ...checkSyntax(`${path}.end`, end, portNumber),
  ];
  return start < end ? problems : [...problems, invalid(`${path}.end`, end, 'must be greater than `start`')];
}

function olderPortProblems(path: string, port: OlderPolicyPort): FieldProblem[] {
  const { portNumber: number, portRange: range } = port;
  return [
    ...oneOf(path, port),
    ...(number === undefined ? [] : checkSyntax(`${path}.portNumber.port`, number.port, portNumber)),
    ...(range === undefined ? [] : rangeProblems(`${path}.portRange`, range)),
  ];
}
