import * as fc from 'fast-check';
import type { Labels, LabelSelector } from '../../../api/types/meta.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../../api/types/network.ts';
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

const namedPorts = fc.uniqueArray(
  fc.record({ name: fc.constantFrom('web', 'dns'), protocol, port: fc.constantFrom(80, 81, 90) }),
  { selector: ({ name, protocol }) => `${name} ${protocol}`, maxLength: 2 },
);

const podName = fc.constantFrom('1', '2', '3', '4');

/** One change to the world; undefined removes. */
export type Change =
  | { readonly kind: 'namespace'; readonly name: string; readonly labels: Labels | undefined }
  | { readonly kind: 'policy'; readonly key: string; readonly policy: NetworkPolicy | undefined }
  | { readonly kind: 'pod'; readonly key: string; readonly facts: PodFacts | undefined };

const namespaceChange: fc.Arbitrary<Change> = fc.record({
  kind: fc.constant('namespace' as const),
  name: namespaceName,
  labels: fc.option(labels, { nil: undefined }),
});

const policyChange: fc.Arbitrary<Change> = fc
  .tuple(policyKey, fc.option(spec, { nil: undefined, freq: 4 }))
  .map(([key, body]) => ({
    kind: 'policy',
    key,
    policy:
      body === undefined
        ? undefined
        : {
            apiVersion: 'networking.k8s.io/v1',
            kind: 'NetworkPolicy',
            metadata: { namespace: key.slice(0, 1), name: key.slice(2) },
            spec: body,
          },
  }));

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
    { weight: 4, arbitrary: podChange },
  ),
  { minLength: 1, maxLength: 40, size: 'max' },
);
