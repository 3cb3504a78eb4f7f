import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterNetworkPolicy, ClusterNetworkPolicyEgressRule } from '../../api/types/policy.ts';
import { parseAddress } from '../../lib/address.ts';
import { compileClusterPolicy } from './compile-cluster.ts';
import { fromAdminPolicy } from './older-policies.ts';
import { createPolicyModel } from './policy-model.ts';
import { formatPorts } from './port-set.ts';

function policyOf(name: string, spec: Partial<ClusterNetworkPolicy['spec']>): ClusterNetworkPolicy {
  return {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    metadata: { name },
    spec: { tier: 'Admin', priority: 1, subject: { namespaces: {} }, ...spec },
  };
}

const everybody = { namespaces: {} };

/** What a later version may bring, or what upstream's definition does not look at. */
const unreadable: [Omit<ClusterNetworkPolicyEgressRule, 'action'>, string][] = [
  [{ to: [everybody, {}] }, 'a peer of a kind that is not known'],
  [{ to: [everybody], protocols: [{}] }, 'a protocol that is not known'],
  [
    { to: [{ namespaces: { matchExpressions: [{ key: 'a', operator: 'Gt' as 'In', values: ['1'] }] } }] },
    'an operator that does not exist',
  ],
];
for (const [rule, what] of unreadable) {
  test(`${what}: Accept accepts nothing, Deny and Pass deny everything`, () => {
    const compiled = (action: 'Accept' | 'Deny' | 'Pass') =>
      compileClusterPolicy('ClusterNetworkPolicy', policyOf('p', { egress: [{ action, ...rule }] })).egress;
    assert.deepEqual(compiled('Accept'), []);
    for (const action of ['Deny', 'Pass'] as const) {
      const [only] = compiled(action) ?? [];
      assert.deepEqual([only?.action, only?.peers, only?.ports.numbered], ['Deny', 'anywhere', 'all']);
    }
  });
}

test('an AdminNetworkPolicy says the same in older words', () => {
  const { tier, priority, ingress } = compileClusterPolicy(
    'AdminNetworkPolicy',
    fromAdminPolicy({
      apiVersion: 'policy.networking.k8s.io/v1alpha1',
      kind: 'AdminNetworkPolicy',
      metadata: { name: 'old' },
      spec: {
        priority: 30,
        subject: everybody,
        ingress: [
          {
            action: 'Allow',
            from: [everybody],
            ports: [
              { portNumber: { port: 80 } },
              { portRange: { protocol: 'UDP', start: 1, end: 9 } },
              { namedPort: 'web' },
            ],
          },
        ],
      },
    }),
  );
  assert.deepEqual([tier, priority, ingress?.[0]?.action], ['Admin', 30, 'Accept']);
  const { numbered, named } = ingress?.[0]?.ports ?? { numbered: [], named: [] };
  assert.deepEqual(formatPorts(numbered), ['TCP 80', 'UDP 1-9']);
  assert.deepEqual(
    named.map(({ protocol, name }) => `${protocol} ${name}`),
    ['SCTP web', 'TCP web', 'UDP web'],
  );
});

test('of equal priorities the name that sorts first decides, in whatever order they came', () => {
  const accept = policyOf('a-accept', { ingress: [{ action: 'Accept', from: [everybody] }] });
  const deny = policyOf('b-deny', { ingress: [{ action: 'Deny', from: [everybody] }] });
  for (const order of [
    [accept, deny],
    [deny, accept],
  ]) {
    const model = createPolicyModel();
    for (const name of ['x', 'y'])
      model.setPod(`ns/${name}`, { namespace: 'ns', labels: {}, namedPorts: [] });
    for (const one of order) model.setClusterPolicy('ClusterNetworkPolicy', one.metadata.name, one);
    const ask = (): string =>
      model.decide({
        direction: 'ingress',
        pod: 'ns/x',
        peer: { pod: 'ns/y', address: parseAddress('10.244.0.2') },
        protocol: 'TCP',
        port: 80,
      }).verdict;
    assert.equal(ask(), 'allowed');
    model.setClusterPolicy('ClusterNetworkPolicy', 'a-accept', undefined);
    assert.equal(ask(), 'denied');
  }
});
