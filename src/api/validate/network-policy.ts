import { parsePrefix, rangeOf } from '../../lib/prefix.ts';
import type { MultiNetworkPolicy } from '../types/layer2.ts';
import type {
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../types/network.ts';
import { checkCidr, checkPort, checkSelector, checkSyntax } from './checks.ts';
import { portNumber } from './names.ts';
import { policyModeProblems } from './policy-mode.ts';
import { forbidden, invalid, required, type FieldProblem } from './problem.ts';

/** Rules for NetworkPolicies (networking validation `ValidateNetworkPolicySpec`). */
export function networkPolicyProblems(policy: NetworkPolicy | MultiNetworkPolicy): FieldProblem[] {
  const spec: NetworkPolicySpec = policy.spec ?? {};
  const ingress = (spec.ingress ?? []).flatMap((rule, index) => {
    const path = `spec.ingress[${index}]`;
    return [...portsProblems(`${path}.ports`, rule.ports), ...peersProblems(`${path}.from`, rule.from)];
  });
  const egress = (spec.egress ?? []).flatMap((rule, index) => {
    const path = `spec.egress[${index}]`;
    return [...portsProblems(`${path}.ports`, rule.ports), ...peersProblems(`${path}.to`, rule.to)];
  });
  const { policyTypes = [] } = spec;
  const types =
    policyTypes.length > 2
      ? [invalid('spec.policyTypes', policyTypes, 'may not specify more than two policyTypes')]
      : [];
  return [
    ...policyModeProblems(policy.metadata),
    ...checkSelector('spec.podSelector', spec.podSelector),
    ...ingress,
    ...egress,
    ...types,
  ];
}

function portsProblems(path: string, ports: readonly NetworkPolicyPort[] = []): FieldProblem[] {
  return ports.flatMap((port, index) => portProblems(`${path}[${index}]`, port));
}

function portProblems(path: string, { port, endPort }: NetworkPolicyPort): FieldProblem[] {
  const problems = port === undefined ? [] : checkPort(`${path}.port`, port);
  if (endPort === undefined) return problems;
  if (port === undefined)
    return [invalid(`${path}.endPort`, endPort, 'may not be specified when `port` is not specified')];
  if (typeof port === 'string') {
    return [
      ...problems,
      invalid(`${path}.endPort`, endPort, 'may not be specified when `port` is non-numeric'),
    ];
  }
  if (endPort < port)
    problems.push(invalid(`${path}.endPort`, endPort, 'must be greater than or equal to `port`'));
  return [...problems, ...checkSyntax(`${path}.endPort`, endPort, portNumber)];
}

function peersProblems(path: string, peers: readonly NetworkPolicyPeer[] = []): FieldProblem[] {
  return peers.flatMap((peer, index) => peerProblems(`${path}[${index}]`, peer));
}

function peerProblems(
  path: string,
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
): FieldProblem[] {
  const selectors = [podSelector, namespaceSelector].filter((one) => one !== undefined);
  const problems = [
    ...checkSelector(`${path}.podSelector`, podSelector),
    ...checkSelector(`${path}.namespaceSelector`, namespaceSelector),
    ...(ipBlock === undefined ? [] : ipBlockProblems(`${path}.ipBlock`, ipBlock)),
  ];
  if (selectors.length === 0 && ipBlock === undefined)
    problems.push(required(path, 'must specify a peer: `podSelector`, `namespaceSelector` or `ipBlock`'));
  if (selectors.length > 0 && ipBlock !== undefined)
    problems.push(forbidden(path, 'may not specify both ipBlock and another peer'));
  return problems;
}

function ipBlockProblems(
  path: string,
  { cidr, except = [] }: { cidr: string; except?: string[] },
): FieldProblem[] {
  if (cidr === '') return [required(`${path}.cidr`)];
  const problems = checkCidr(`${path}.cidr`, cidr);
  const inside = except.flatMap((one, index) => {
    const at = `${path}.except[${index}]`;
    const own = checkCidr(at, one);
    if (own.length > 0 || problems.length > 0 || isInside(one, cidr)) return own;
    return [invalid(at, one, `must be a strict subset of \`cidr\` (${cidr})`)];
  });
  return [...problems, ...inside];
}

/** Whether the first CIDR is a part, and not all, of the second. */
function isInside(inner: string, outer: string): boolean {
  const [part, whole] = [parsePrefix(inner), parsePrefix(outer)];
  if (part === undefined || whole === undefined || part.family !== whole.family) return false;
  const [a, b] = [rangeOf(part), rangeOf(whole)];
  return part.length > whole.length && a.first.value >= b.first.value && a.last.value <= b.last.value;
}
