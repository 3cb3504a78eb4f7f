/** The evaluator against what the definition of ClusterNetworkPolicy says, sentence by sentence. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import type { ClusterNetworkPolicySpec } from '../../../src/api/types/policy.ts';
import { evaluate } from './evaluate.ts';
import { namespace, nodes, outsider, pod, policy } from './fixtures.ts';
import type { Destination } from './question.ts';

const cluster: KubernetesObject[] = [
  ...nodes,
  namespace('shop', { team: 'shop' }),
  pod('shop/server', '10.244.1.2', {
    ports: [
      { name: 'http', containerPort: 80 },
      { name: 'admin', containerPort: 90 },
    ],
  }),
  pod('shop/client', '10.244.2.2'),
  pod('garden/visitor', '10.244.2.3'),
];
const everybody = { namespaces: {} };
const shop = { namespaces: { matchLabels: { team: 'shop' } } };
const accept = { action: 'Accept' as const, from: [everybody] };
const deny = { action: 'Deny' as const, from: [everybody] };
const pass = { action: 'Pass' as const, from: [everybody] };

function tiered(
  tier: 'Admin' | 'Baseline',
  priority: number,
  rules: Pick<ClusterNetworkPolicySpec, 'ingress' | 'egress'>,
  name = `${tier.toLowerCase()}-${priority}`,
): KubernetesObject {
  return Object.assign(
    { apiVersion: 'policy.networking.k8s.io/v1alpha2', kind: 'ClusterNetworkPolicy', metadata: { name } },
    { spec: { tier, priority, subject: shop, ...rules } },
  );
}

const closed = policy('shop/closed', { podSelector: {}, policyTypes: ['Ingress'], ingress: [] });
const open = policy('shop/open', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] });
const web = { tcp: { destinationPort: { number: 80 } } };

/** What comes of a packet of TCP, from the visitor to the server on port 80 where nothing else is said. */
interface Try {
  readonly from?: string;
  readonly to?: Destination;
  readonly port?: number;
}
const cases: readonly [says: string, KubernetesObject[], Try, 'allowed' | 'denied'][] = [
  ['Accept of tier Admin is final', [tiered('Admin', 1, { ingress: [accept] }), closed], {}, 'allowed'],
  ['Deny of tier Admin is final', [tiered('Admin', 1, { ingress: [deny] }), open], {}, 'denied'],
  [
    'what Admin passes NetworkPolicies decide',
    [tiered('Admin', 1, { ingress: [pass, deny] }), open],
    {},
    'allowed',
  ],
  ['and decide against it', [tiered('Admin', 1, { ingress: [pass, accept] }), closed], {}, 'denied'],
  [
    'Pass skips the other policies of the tier',
    [tiered('Admin', 1, { ingress: [pass] }), tiered('Admin', 2, { ingress: [deny] })],
    {},
    'allowed',
  ],
  [
    'the lower priority comes first',
    [tiered('Admin', 9, { ingress: [deny] }), tiered('Admin', 8, { ingress: [accept] })],
    {},
    'allowed',
  ],
  [
    'of equal priorities the name that sorts first',
    [tiered('Admin', 8, { ingress: [deny] }, 'b'), tiered('Admin', 8, { ingress: [accept] }, 'a')],
    {},
    'allowed',
  ],
  ['the rule written first comes first', [tiered('Admin', 1, { ingress: [deny, accept] })], {}, 'denied'],
  [
    'Baseline decides for pods that no NetworkPolicy selects',
    [tiered('Baseline', 1, { ingress: [deny] })],
    {},
    'denied',
  ],
  ['and for no others', [tiered('Baseline', 1, { ingress: [deny] }), open], {}, 'allowed'],
  ['what nobody decides is open', [tiered('Admin', 1, { egress: [] })], {}, 'allowed'],
  [
    'a rule about one port says nothing of another',
    [tiered('Admin', 1, { ingress: [{ ...deny, protocols: [web] }] })],
    { port: 90 },
    'allowed',
  ],
  [
    'a name is the port that the pod gives it',
    [tiered('Admin', 1, { ingress: [{ ...deny, protocols: [{ destinationNamedPort: 'admin' }] }] })],
    { port: 90 },
    'denied',
  ],
  [
    'networks match pods too',
    [tiered('Admin', 1, { egress: [{ action: 'Deny', to: [{ networks: ['10.244.1.0/24'] }] }] })],
    { from: 'shop/client' },
    'denied',
  ],
  [
    'nodes are their addresses',
    [tiered('Admin', 1, { egress: [{ action: 'Deny', to: [{ nodes: {} }] }] })],
    { from: 'shop/client', to: { kind: 'node', node: 'node-1' }, port: 7 },
    'denied',
  ],
  [
    'and nobody else',
    [tiered('Admin', 1, { egress: [{ action: 'Deny', to: [{ nodes: {} }] }] })],
    { from: 'shop/client', to: { kind: 'external', address: outsider } },
    'allowed',
  ],
  [
    'a pod that is no subject is not concerned',
    [tiered('Admin', 1, { egress: [{ action: 'Deny', to: [everybody] }] })],
    {},
    'allowed',
  ],
  [
    'a policy in audit mode denies nothing',
    [
      Object.assign(tiered('Admin', 1, { ingress: [deny] }), {
        metadata: { name: 'trial', annotations: { 'policy.weft.dev/mode': 'audit' } },
      }),
    ],
    {},
    'allowed',
  ],
];

for (const [says, policies, { from = 'garden/visitor', to, port = 80 }, expected] of cases) {
  test(says, () => {
    const outcomes = evaluate([...cluster, ...policies], {
      source: { kind: 'pod', pod: from },
      destination: to ?? { kind: 'pod', pod: 'shop/server' },
      protocol: 'TCP',
      port,
    });
    assert.deepEqual(
      outcomes.map(({ verdict }) => verdict),
      [expected],
    );
  });
}
