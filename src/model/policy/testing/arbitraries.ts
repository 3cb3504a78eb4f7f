import * as fc from 'fast-check';
import type { Labels, LabelSelector } from '../../../api/types/meta.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../../api/types/network.ts';
import type {
  ClusterNetworkPolicy,
  ClusterNetworkPolicyEgressRule,
  ClusterNetworkPolicyProtocol,
  EgressPeer,
  PolicySubject,
} from '../../../api/types/policy.ts';
import type { PodFacts } from '../port.ts';

/** Small worlds: few names, so that selectors often match and changes often undo each other. */

const namespaceName = fc.constantFrom('a', 'b', 'c');
const protocol = fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const);

const labels: fc.Arbitrary<Labels> = fc.dictionary(
  fc.constantFrom('app', 'tier'),
  fc.constantFrom('x', 'y'),
  {
    maxKeys: 2,
  },
);

const requirement = fc.oneof(
  fc.record({
    key: fc.constantFrom('app', 'tier'),
    operator: fc.constantFrom('In' as const, 'NotIn' as const),
    values: fc.subarray(['x', 'y'], { minLength: 1 }),
  }),
  fc.record({
    key: fc.constantFrom('app', 'tier'),
    operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const),
  }),
);

const selector: fc.Arbitrary<LabelSelector> = fc.oneof(
  { weight: 2, arbitrary: labels.map((matchLabels) => ({ matchLabels })) },
  { weight: 1, arbitrary: requirement.map((one) => ({ matchExpressions: [one] })) },
);

const namespaceSelector: fc.Arbitrary<LabelSelector> = fc.oneof(
  selector,
  namespaceName.map((name) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } })),
);

const ipBlock = fc.constantFrom<NonNullable<NetworkPolicyPeer['ipBlock']>>(
  { cidr: '0.0.0.0/0' },
  { cidr: '10.244.0.0/16' },
  { cidr: '10.244.0.0/30' },
  { cidr: '10.244.0.0/29', except: ['10.244.0.2/31'] },
  { cidr: '0.0.0.0/0', except: ['10.0.0.0/8', '192.0.2.0/24'] },
  { cidr: '2001:db8::/32' },
);

const peer: fc.Arbitrary<NetworkPolicyPeer> = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector }),
  fc.record({ namespaceSelector, podSelector: selector }),
  fc.record({ ipBlock }),
);

const policyPort: fc.Arbitrary<NetworkPolicyPort> = fc.oneof(
  fc.record({ protocol, port: fc.constantFrom(80, 81, 'web', 'dns') }),
  fc.record({ port: fc.constantFrom(80, 'web') }),
  fc.record({ protocol, port: fc.constant(79), endPort: fc.constantFrom(79, 80, 90) }),
  fc.record({ protocol }),
);

const peers = fc.array(peer, { maxLength: 2 });
const ports = fc.array(policyPort, { maxLength: 2 });
const ingressRule = fc.record({ from: peers, ports }, { requiredKeys: [] });
const egressRule = fc.record({ to: peers, ports }, { requiredKeys: [] });

const spec = fc.record(
  {
    podSelector: selector,
    policyTypes: fc.subarray(['Ingress' as const, 'Egress' as const], { minLength: 1 }),
    ingress: fc.array(ingressRule, { maxLength: 2 }),
    egress: fc.array(egressRule, { maxLength: 2 }),
  },
  { requiredKeys: [] },
);

const policyKey = fc.tuple(namespaceName, fc.constantFrom('p', 'q')).map((names) => names.join('/'));

const subject: fc.Arbitrary<PolicySubject> = fc.oneof(
  fc.record({ namespaces: namespaceSelector }),
  fc.record({
    pods: fc.record({ namespaceSelector, podSelector: selector }, { requiredKeys: ['podSelector'] }),
  }),
);

const clusterPeer: fc.Arbitrary<EgressPeer> = fc.oneof(
  { weight: 4, arbitrary: subject },
  {
    weight: 3,
    arbitrary: fc.record({
      networks: fc.uniqueArray(
        fc.constantFrom(
          '0.0.0.0/0',
          '10.244.0.0/29',
          '10.244.0.2/31',
          '10.244.0.4/32',
          '192.0.2.0/24',
          '2001:db8::/32',
        ),
        { minLength: 1, maxLength: 2 },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ nodes: selector }) },
);

/** Names are for Accept only. */
const namedPeer: fc.Arbitrary<EgressPeer> = fc.record({
  domainNames: fc.uniqueArray(fc.constantFrom('a.test', 'B.a.test.', '*.a.test'), { minLength: 1 }),
});

const destinationPort = fc.oneof(
  fc.record({ number: fc.constantFrom(80, 81) }),
  fc.record({ range: fc.constantFrom({ start: 79, end: 80 }, { start: 80, end: 90 }) }),
);

const clusterProtocol: fc.Arbitrary<ClusterNetworkPolicyProtocol> = fc.oneof(
  fc.record({ tcp: fc.record({ destinationPort }) }),
  fc.record({ udp: fc.record({ destinationPort }, { requiredKeys: [] }) }),
  fc.record({ sctp: fc.constant({}) }),
  fc.record({ destinationNamedPort: fc.constantFrom('web', 'dns') }),
);

const clusterPeers = fc.array(clusterPeer, { minLength: 1, maxLength: 2 });
const protocols = fc.array(clusterProtocol, { minLength: 1, maxLength: 2 });
const action = fc.constantFrom('Accept' as const, 'Deny' as const, 'Pass' as const);
const clusterEgressRule: fc.Arbitrary<ClusterNetworkPolicyEgressRule> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ action, to: clusterPeers, protocols }, { requiredKeys: ['action', 'to'] }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ action: fc.constant('Accept' as const), to: fc.tuple(namedPeer) }),
  },
);

const clusterSpec: fc.Arbitrary<ClusterNetworkPolicy['spec']> = fc.record(
  {
    tier: fc.constantFrom('Admin' as const, 'Baseline' as const),
    // Few, so that ties happen.
    priority: fc.nat(3),
    subject,
    ingress: fc.array(
      fc.record(
        { action, from: fc.array(subject, { minLength: 1, maxLength: 2 }), protocols },
        { requiredKeys: ['action', 'from'] },
      ),
      { maxLength: 3 },
    ),
    egress: fc.array(clusterEgressRule, { maxLength: 3 }),
  },
  { requiredKeys: ['tier', 'priority', 'subject'] },
);

const namedPorts = fc.uniqueArray(
  fc.record({ name: fc.constantFrom('web', 'dns'), protocol, port: fc.constantFrom(80, 81, 90) }),
  { selector: ({ name, protocol }) => `${name} ${protocol}`, maxLength: 2 },
);

const podName = fc.constantFrom('1', '2', '3', '4');

/** One change to the world; undefined removes. */
export type Change =
  | { readonly kind: 'namespace'; readonly name: string; readonly labels: Labels | undefined }
  | { readonly kind: 'policy'; readonly key: string; readonly policy: NetworkPolicy | undefined }
  | {
      readonly kind: 'cluster-policy';
      readonly key: string;
      readonly policy: ClusterNetworkPolicy | undefined;
    }
  | { readonly kind: 'node'; readonly key: string; readonly labels: Labels | undefined }
  | { readonly kind: 'domain'; readonly key: string; readonly addresses: readonly string[] }
  | { readonly kind: 'pod'; readonly key: string; readonly facts: PodFacts | undefined };

const namespaceChange: fc.Arbitrary<Change> = fc.record({
  kind: fc.constant('namespace' as const),
  name: namespaceName,
  labels: fc.option(labels, { nil: undefined }),
});

const mode = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.constant({ annotations: { 'policy.weft.dev/mode': 'audit' } }) },
);

const policyChange: fc.Arbitrary<Change> = fc
  .tuple(policyKey, fc.option(spec, { nil: undefined, freq: 4 }), mode)
  .map(([key, body, metadata]) => ({
    kind: 'policy',
    key,
    policy:
      body === undefined
        ? undefined
        : {
            apiVersion: 'networking.k8s.io/v1',
            kind: 'NetworkPolicy',
            metadata: { namespace: key.slice(0, 1), name: key.slice(2), ...metadata },
            spec: body,
          },
  }));

const clusterPolicyChange: fc.Arbitrary<Change> = fc
  .tuple(fc.constantFrom('x', 'y', 'z'), fc.option(clusterSpec, { nil: undefined, freq: 4 }), mode)
  .map(([key, body, metadata]) => ({
    kind: 'cluster-policy',
    key,
    policy: body && {
      apiVersion: 'policy.networking.k8s.io/v1alpha2',
      kind: 'ClusterNetworkPolicy',
      metadata: { name: key, ...metadata },
      spec: body,
    },
  }));

const nodeChange: fc.Arbitrary<Change> = fc.record({
  kind: fc.constant('node' as const),
  key: fc.constantFrom('n1', 'n2'),
  labels: fc.option(labels, { nil: undefined }),
});

const domainChange: fc.Arbitrary<Change> = fc.record({
  kind: fc.constant('domain' as const),
  key: fc.constantFrom('a.test', 'b.a.test', 'd.c.a.test'),
  addresses: fc.subarray(['192.0.2.7', '198.51.100.1', '2001:db8::1']),
});

const podChange: fc.Arbitrary<Change> = fc
  .tuple(namespaceName, podName, fc.option(fc.record({ labels, namedPorts }), { nil: undefined, freq: 4 }))
  .map(([namespace, name, body]) => ({
    kind: 'pod',
    key: `${namespace}/${name}`,
    facts: body === undefined ? undefined : { namespace, ...body },
  }));

/** A history of a small cluster. */
export const changes: fc.Arbitrary<Change[]> = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: namespaceChange },
    { weight: 3, arbitrary: policyChange },
    { weight: 3, arbitrary: clusterPolicyChange },
    { weight: 1, arbitrary: nodeChange },
    { weight: 1, arbitrary: domainChange },
    { weight: 4, arbitrary: podChange },
  ),
  { minLength: 1, maxLength: 40, size: 'max' },
);
