import * as fc from 'fast-check';
import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import type {
  AdminNetworkPolicy,
  BaselineAdminNetworkPolicy,
  ClusterNetworkPolicy,
  ClusterNetworkPolicyProtocol,
  EgressPeer,
  OlderPolicyPort,
  PolicySubject,
} from '../../../src/api/types/policy.ts';
import { namespaceSelector, podSelector } from './policies.ts';
import { ipBlocks, nodeSelectors, portNames, portNumbers } from './vocabulary.ts';

/** Namespaces, or pods in some or all of them. */
const subject: fc.Arbitrary<PolicySubject> = fc.oneof(
  fc.record({ namespaces: namespaceSelector }),
  fc.record({
    pods: fc.record({ namespaceSelector, podSelector }, { requiredKeys: ['podSelector'] }),
  }),
);

const networks = fc.uniqueArray(fc.constantFrom(...ipBlocks.map(({ cidr }) => cidr)), {
  minLength: 1,
  maxLength: 2,
});
const outsidePeer: fc.Arbitrary<EgressPeer> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ networks }) },
  { weight: 1, arbitrary: fc.record({ nodes: fc.constantFrom(...nodeSelectors) }) },
);

type Ports = readonly ({ readonly name: string } | Numbers)[];
interface Numbers {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly first: number;
  readonly last: number;
}

const protocol = fc.constantFrom('TCP' as const, 'TCP' as const, 'UDP' as const, 'SCTP' as const);
const number = fc.constantFrom(...portNumbers);
const numbers: fc.Arbitrary<Numbers> = fc
  .record({ protocol, first: number, last: number })
  .map(({ first, last, ...rest }) => ({
    ...rest,
    first: Math.min(first, last),
    last: Math.max(first, last),
  }));
const name = fc.record({ name: fc.constantFrom(...portNames) });
const portsOf = (one: fc.Arbitrary<Ports[number]>): fc.Arbitrary<Ports | undefined> =>
  fc.option(fc.array(one, { minLength: 1, maxLength: 2 }), { nil: undefined });

const action = fc.constantFrom('Accept' as const, 'Deny' as const, 'Pass' as const);
const pods = fc.array(subject, { minLength: 1, maxLength: 2 });
const ingressRule = fc.record({ action, peers: pods, ports: portsOf(fc.oneof(numbers, name)) });
/** Only pods have names for ports. */
const egressRule = fc.oneof(
  { weight: 2, arbitrary: fc.record({ action, peers: pods, ports: portsOf(fc.oneof(numbers, name)) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      action,
      peers: fc.array(fc.oneof(subject, outsidePeer), { minLength: 1, maxLength: 2 }),
      ports: portsOf(numbers),
    }),
  },
);
type Rule = typeof egressRule extends fc.Arbitrary<infer T> ? T : never;

export const clusterPolicySeed = fc.record({
  kind: fc.constantFrom('Admin', 'Baseline', 'Admin', 'Baseline', 'older', 'older baseline'),
  /** Few, so that some clash. */
  priority: fc.nat(2),
  isAudit: fc.nat(7).map((draw) => draw === 7),
  subject,
  ingress: fc.array(ingressRule, { maxLength: 3 }),
  egress: fc.array(egressRule, { maxLength: 3 }),
});
export type ClusterPolicySeed = typeof clusterPolicySeed extends fc.Arbitrary<infer T> ? T : never;

/** Of the older baseline there may be one only, with a name of its own. */
export function clusterPoliciesOf(seeds: readonly ClusterPolicySeed[]): KubernetesObject[] {
  const firstBaseline = seeds.findIndex(({ kind }) => kind === 'older baseline');
  return seeds.flatMap((seed, index): KubernetesObject[] => {
    const annotations = seed.isAudit ? { 'policy.weft.dev/mode': 'audit' } : {};
    const metadata = { name: `tiered-${index}`, annotations };
    if (seed.kind === 'Admin' || seed.kind === 'Baseline') return [newer(seed, metadata, seed.kind)];
    if (seed.kind === 'older') return [older(seed, metadata)];
    return index === firstBaseline ? [baseline(seed, { ...metadata, name: 'default' })] : [];
  });
}

type Metadata = KubernetesObject['metadata'];

function newer(
  seed: ClusterPolicySeed,
  metadata: Metadata,
  tier: 'Admin' | 'Baseline',
): ClusterNetworkPolicy {
  const { priority, subject: selected, ingress, egress } = seed;
  const ruleOf = ({ action: does, ports }: Rule) => ({
    action: does,
    ...(ports && { protocols: ports.map(protocolOf) }),
  });
  return {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    metadata,
    spec: {
      tier,
      priority,
      subject: selected,
      ingress: ingress.map((rule) => ({ ...ruleOf(rule), from: rule.peers })),
      egress: egress.map((rule) => ({ ...ruleOf(rule), to: rule.peers })),
    },
  };
}

function protocolOf(port: Ports[number]): ClusterNetworkPolicyProtocol {
  if ('name' in port) return { destinationNamedPort: port.name };
  const { first, last } = port;
  const destinationPort = first === last ? { number: first } : { range: { start: first, end: last } };
  return { [port.protocol.toLowerCase()]: { destinationPort } };
}

function olderRule({ action: does, ports }: Rule) {
  return {
    action: does === 'Accept' ? ('Allow' as const) : does,
    ...(ports && { ports: ports.map(olderPortOf) }),
  };
}

function olderPortOf(port: Ports[number]): OlderPolicyPort {
  if ('name' in port) return { namedPort: port.name };
  const { protocol: of, first, last } = port;
  return first === last
    ? { portNumber: { protocol: of, port: first } }
    : { portRange: { protocol: of, start: first, end: last } };
}

const olderApi = 'policy.networking.k8s.io/v1alpha1';

function older(seed: ClusterPolicySeed, metadata: Metadata): AdminNetworkPolicy {
  return {
    apiVersion: olderApi,
    kind: 'AdminNetworkPolicy',
    metadata,
    spec: { priority: seed.priority, ...olderSpec(seed) },
  };
}

/** It has nothing to pass to. */
function baseline(seed: ClusterPolicySeed, metadata: Metadata): BaselineAdminNetworkPolicy {
  const decided = <T extends Rule>(rules: readonly T[]): T[] =>
    rules.filter(({ action: does }) => does !== 'Pass');
  const { ingress, egress } = seed;
  return {
    apiVersion: olderApi,
    kind: 'BaselineAdminNetworkPolicy',
    metadata,
    spec: olderSpec({ ...seed, ingress: decided(ingress), egress: decided(egress) }),
  };
}

function olderSpec({
  subject: selected,
  ingress,
  egress,
}: ClusterPolicySeed): BaselineAdminNetworkPolicy['spec'] {
  return {
    subject: selected,
    ingress: ingress.map((rule) => ({ ...olderRule(rule), from: rule.peers })),
    egress: egress.map((rule) => ({ ...olderRule(rule), to: rule.peers })),
  };
}
