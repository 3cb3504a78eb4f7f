import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterNetworkPolicyEgressRule } from '../../api/types/policy.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { Flow } from '../flow.ts';
import { describeCluster, type ClusterDescription } from '../testing/cluster.ts';
import { turnOf } from '../whatif/turn.ts';
import { predict } from './predict.ts';

const https = [{ tcp: { destinationPort: { number: 443 } } }];
const dns = { 'kubernetes.io/metadata.name': 'kube-system' };
const toDns: ClusterNetworkPolicyEgressRule = {
  action: 'Accept',
  to: [{ namespaces: { matchLabels: dns } }],
};
const toNames: ClusterNetworkPolicyEgressRule = {
  action: 'Accept',
  to: [{ domainNames: ['*.example.com', 'api.example.net'] }],
  protocols: https,
};
const toNobody: ClusterNetworkPolicyEgressRule = { action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }] };

function cluster(egress: ClusterNetworkPolicyEgressRule[], more: Partial<ClusterDescription> = {}): Cluster {
  return describeCluster({
    namespaces: { 'kube-system': dns, shop: {} },
    pods: {
      'shop/web': { labels: { app: 'web' } },
      'kube-system/dns': { node: 2, ports: [{ containerPort: 53, protocol: 'UDP' }] },
    },
    services: {
      'kube-system/kube-dns': {
        ports: [{ name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 }],
        endpoints: ['kube-system/dns'],
      },
    },
    clusterPolicies: {
      names: {
        tier: 'Admin',
        priority: 1,
        subject: { pods: { podSelector: { matchLabels: { app: 'web' } } } },
        egress,
      },
    },
    ...more,
  });
}

function to(name: string, port = 443): Flow {
  return {
    source: { kind: 'pod', key: 'shop/web' },
    destination: { kind: 'domain', name },
    protocol: 'TCP',
    port,
  };
}

for (const [name, port, verdict] of [
  ['api.example.net', 443, 'allowed'],
  ['a.b.example.com', 443, 'allowed'],
  ['example.com', 443, 'denied'],
  ['api.example.net', 80, 'denied'],
] as const) {
  test(`${name}:${port} is ${verdict}, wherever it leads`, () => {
    const found = predict(cluster([toDns, toNames, toNobody]), to(name, port));
    assert.equal(found.verdict, verdict);
    const reason = found.outcomes[0]?.reasons.find(({ stage }) => stage === 'egress');
    assert.equal(reason?.rule, verdict === 'allowed' ? 'spec.egress[1]' : 'spec.egress[2]');
    assert.match(found.outcomes[0]?.path[1]?.packet ?? '', new RegExp(`-> ${name}:${port}$`));
  });
}

test('where a rule before denies some addresses it depends on where the name leads', () => {
  const private10: ClusterNetworkPolicyEgressRule = { action: 'Deny', to: [{ networks: ['10.0.0.0/8'] }] };
  const found = predict(cluster([toDns, private10, toNames, toNobody]), to('api.example.net'));
  assert.equal(found.verdict, 'unknown');
  assert.match(
    found.why ?? '',
    /^it depends on where api\.example\.net leads: allowed at 1\.0\.0\.0-9\.255\.255\.255, .*; denied at 10\.0/,
  );
  // What pods and Services have is never learned: 10.244.0.0/16 and 10.96.0.0/12 are in neither.
  assert.doesNotMatch(found.why ?? '', /10\.244\.0\.0|10\.96\.0\.0/);
});

test('addresses that were learned decide, and an address is known by the names that lead to it', () => {
  const private10: ClusterNetworkPolicyEgressRule = { action: 'Deny', to: [{ networks: ['10.0.0.0/8'] }] };
  const learned = (...addresses: string[]): Cluster => ({
    ...cluster([toDns, private10, toNames, toNobody]),
    domains: new Map([['api.example.net', addresses]]),
  });
  assert.equal(predict(learned('203.0.113.7'), to('api.example.net')).verdict, 'allowed');
  assert.equal(predict(learned('10.1.2.3'), to('api.example.net')).verdict, 'denied');
  const both = predict(learned('203.0.113.7', '10.1.2.3'), to('api.example.net'));
  assert.equal(
    both.why,
    'it depends on where api.example.net leads: allowed at 203.0.113.7; denied at 10.1.2.3',
  );
  const plain: Flow = {
    ...to('api.example.net'),
    destination: { kind: 'address', address: '203.0.113.7' },
  };
  assert.equal(predict(learned('203.0.113.7'), plain).verdict, 'allowed');
  assert.equal(predict(learned(), plain).verdict, 'unknown');
});

test('who may not ask the cluster DNS learns no address', () => {
  const { verdict, why } = predict(cluster([toNames, toNobody]), to('api.example.net'));
  assert.equal(verdict, 'denied');
  assert.match(why ?? '', /^it cannot ask the cluster DNS for api\.example\.net: this egress is denied/);
});

test('a name is opened by a rule with the name, and closed by its removal', () => {
  const turned = (of: Cluster, flow: Flow): unknown[] => {
    const turn = turnOf(of, flow, predict(of, flow));
    return (turn?.edits ?? []).map(({ action, path, value }) => [action, path, value]);
  };
  const open = cluster([toDns, toNames, toNobody]);
  assert.deepEqual(turned(open, to('other.example.org')), [
    [
      'insert',
      'spec.egress[2]',
      { action: 'Accept', to: [{ domainNames: ['other.example.org'] }], protocols: https },
    ],
  ]);
  assert.deepEqual(turned(open, to('api.example.net')), [
    ['remove', 'spec.egress[1].to[0].domainNames[1]', 'api.example.net'],
  ]);
  // NetworkPolicies have no names: one of tier Admin decides before them.
  const isolated = cluster([toDns], {
    policies: { 'shop/web': { podSelector: {}, policyTypes: ['Egress'] } },
  });
  const [edit] =
    turnOf(isolated, to('api.example.net'), predict(isolated, to('api.example.net')))?.edits ?? [];
  assert.deepEqual([edit?.action, edit?.kind], ['create', 'ClusterNetworkPolicy']);
  assert.partialDeepStrictEqual(edit?.value, {
    spec: { tier: 'Admin', egress: [{ action: 'Accept', to: [{ domainNames: ['api.example.net'] }] }] },
  });
});
