import { selectorKey } from '../../api/selector.ts';
import type {
  ClusterNetworkPolicy,
  ClusterNetworkPolicyProtocol,
  DestinationPort,
  EgressPeer,
  PolicySubject,
} from '../../api/types/policy.ts';
import type { LabelSelector, Protocol } from '../../api/types/meta.ts';
import {
  podsOfNamespaces,
  type AddressGroupSpec,
  type CompiledPolicy,
  type CompiledRule,
  type PodPeer,
  type PolicyKind,
  type PortName,
  type RulePeers,
  type RulePorts,
} from './compile.ts';
import { modeOf } from './mode.ts';
import { canonicalPorts, everyPortOf, protocols as portProtocols, type PortRange } from './port-set.ts';
import { rangesOfBlock } from './ranges.ts';

/** Selects nobody: `In` no values. */
const nobody: PodPeer = {
  key: 'nobody',
  namespaces: { selector: { matchExpressions: [{ key: 'none', operator: 'In', values: [] }] } },
  pods: {},
};

/**
 * Spells a ClusterNetworkPolicy out. `kind` is the kind it was written as. A peer or protocol of which no field is
 * known comes from a later version, and fails closed as its documentation says: Accept then matches nothing, and
 * Deny and Pass deny everything.
 */
export function compileClusterPolicy(
  kind: PolicyKind,
  { metadata, spec }: ClusterNetworkPolicy,
): CompiledPolicy {
  const rules = (
    direction: 'ingress' | 'egress',
    written: readonly WrittenRule[] | undefined,
  ): readonly CompiledRule[] | undefined =>
    written === undefined || written.length === 0
      ? undefined
      : written.flatMap((rule, index) => compileRule(`spec.${direction}[${index}]`, rule));
  return {
    kind,
    key: metadata.name,
    tier: spec.tier,
    priority: spec.priority,
    mode: modeOf(metadata),
    subject: podsOf(spec.subject) ?? nobody,
    ingress: rules(
      'ingress',
      spec.ingress?.map(({ from, ...rule }) => ({ ...rule, peers: from })),
    ),
    egress: rules(
      'egress',
      spec.egress?.map(({ to, ...rule }) => ({ ...rule, peers: to })),
    ),
  };
}

interface WrittenRule {
  readonly action: CompiledRule['action'];
  readonly peers: readonly EgressPeer[];
  readonly protocols?: readonly ClusterNetworkPolicyProtocol[];
}

function compileRule(path: string, { action, peers, protocols }: WrittenRule): CompiledRule[] {
  const ports = compileProtocols(protocols);
  const isKnown = peers.length > 0 && ports !== undefined && peers.every((peer) => isKnownPeer(peer, action));
  if (isKnown) return [{ path, action, peers: compilePeers(peers), ports }];
  if (action === 'Accept') return [];
  return [{ path, action: 'Deny', peers: 'anywhere', ports: { numbered: 'all', named: [] } }];
}

/** Names are for Accept only: what has not been asked for has no address yet, and could not be denied. */
function isKnownPeer(
  { namespaces, pods, nodes, networks, domainNames }: EgressPeer,
  action: CompiledRule['action'],
): boolean {
  if (domainNames !== undefined) return action === 'Accept';
  const selectors = [namespaces, pods?.namespaceSelector, pods?.podSelector, nodes];
  return [namespaces, pods, nodes, networks].some((one) => one !== undefined) && selectors.every(isReadable);
}

/** Upstream's definition takes any word for an operator; whom a rule with one means nobody knows. */
function isReadable({ matchExpressions = [] }: LabelSelector = {}): boolean {
  return matchExpressions.every(({ operator }) => operators.has(operator));
}

const operators: ReadonlySet<string> = new Set(['In', 'NotIn', 'Exists', 'DoesNotExist']);

function compilePeers(peers: readonly EgressPeer[]): RulePeers {
  return {
    pods: peers.flatMap((peer) => podsOf(peer) ?? []),
    ranges: peers.flatMap(({ networks = [] }) => networks.flatMap((cidr) => rangesOfBlock({ cidr }))),
    groups: peers.flatMap(groupsOf),
  };
}

function podsOf({ namespaces, pods }: PolicySubject): PodPeer | undefined {
  if (namespaces !== undefined) return podsOfNamespaces(namespaces, {});
  return pods && podsOfNamespaces(pods.namespaceSelector ?? {}, pods.podSelector ?? {});
}

function groupsOf({ nodes, domainNames = [] }: EgressPeer): AddressGroupSpec[] {
  const named = domainNames.map((text): AddressGroupSpec => {
    const name = text.toLowerCase().replace(/\.$/, '');
    return { kind: 'domain', key: `domain ${name}`, name };
  });
  if (nodes === undefined) return named;
  return [{ kind: 'nodes', key: `nodes ${selectorKey(nodes)}`, selector: nodes }, ...named];
}

/** Undefined when one of them is of no known form. */
function compileProtocols(
  protocols: readonly ClusterNetworkPolicyProtocol[] | undefined,
): RulePorts | undefined {
  if (protocols === undefined) return { numbered: 'all', named: [] };
  const numbered: PortRange[] = [];
  const named: PortName[] = [];
  for (const { destinationNamedPort: name, ...byProtocol } of protocols) {
    const ranges = rangesOf(byProtocol);
    if (name === undefined && ranges.length === 0) return undefined;
    numbered.push(...ranges);
    if (name !== undefined) named.push(...portProtocols.map((protocol) => ({ protocol, name })));
  }
  return { numbered: canonicalPorts(numbered), named };
}

function rangesOf({ tcp, udp, sctp }: ClusterNetworkPolicyProtocol): PortRange[] {
  const each = [
    ['TCP', tcp],
    ['UDP', udp],
    ['SCTP', sctp],
  ] as const;
  return each.flatMap(([protocol, match]) =>
    match === undefined ? [] : (rangeOf(protocol, match.destinationPort) ?? []),
  );
}

function rangeOf(protocol: Protocol, port: DestinationPort | undefined): PortRange | undefined {
  if (port === undefined) return everyPortOf(protocol);
  if (port.number !== undefined) return { protocol, first: port.number, last: port.number };
  return port.range && { protocol, first: port.range.start, last: port.range.end };
}
