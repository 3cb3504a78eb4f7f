import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { NetworkPolicySpec } from '../../api/types/network.ts';
import type { Cluster } from '../../model/cluster.ts';
import { servedByAnnotation } from '../../model/gateways/front-pods.ts';
import { exposuresOf } from '../exposure.ts';
import { reach } from '../reach/reach.ts';
import { describeCluster } from '../testing/cluster.ts';

const ingress: KubernetesObject = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'front', namespace: 'shop' },
  spec: {
    ingressClassName: 'edge',
    defaultBackend: { service: { name: 'web', port: { number: 80 } } },
  },
} as KubernetesObject;

const edge: KubernetesObject = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'edge', annotations: { [servedByAnnotation]: 'ingress/app=proxy' } },
};

/** Pod shop/web behind an Ingress; with `controller`, the pod that passes its requests on. */
function shop(policy: NetworkPolicySpec | undefined, controller?: 'controller'): Cluster {
  const proxy = { 'ingress/proxy': { labels: { app: 'proxy' } } };
  const cluster = describeCluster({
    pods: {
      'shop/web': { labels: { app: 'web' }, ports: [{ containerPort: 8080 }] },
      ...(controller && proxy),
    },
    services: { 'shop/web': { ports: [{ port: 80, targetPort: 8080 }], endpoints: ['shop/web'] } },
    policies: policy === undefined ? {} : { 'shop/web': policy },
  });
  return { ...cluster, gateways: [ingress, edge] };
}

const closed: NetworkPolicySpec = { podSelector: {} };
const toWhoeverIsNamed = (port: number): NetworkPolicySpec => ({
  podSelector: {},
  ingress: [
    { from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'proxy' } } }], ports: [{ port }] },
  ],
});
const toEverybody: NetworkPolicySpec = { podSelector: {}, ingress: [{ ports: [{ port: 8080 }] }] };

const wayIn = (cluster: Cluster): object[] =>
  exposuresOf(cluster).map(({ by, port, verdicts, sourcesSeen }) => ({ by, port, verdicts, sourcesSeen }));

test('an Ingress is a way in, and its pods are whom the endpoint sees', () => {
  const by = 'Ingress shop/front * by edge[IngressClass]';
  const seen = { by, port: 'TCP 8080', sourcesSeen: ['10.244.1.2'] };
  assert.deepEqual(wayIn(shop(toWhoeverIsNamed(8080), 'controller')), [{ ...seen, verdicts: ['allowed'] }]);
  assert.deepEqual(wayIn(shop(closed, 'controller')), [{ ...seen, verdicts: ['denied'], sourcesSeen: [] }]);
});

const strangers: readonly [what: string, policy: NetworkPolicySpec | undefined, verdict: string][] = [
  ['allowed where nothing isolates the endpoint', undefined, 'allowed'],
  ['allowed where everybody is', toEverybody, 'allowed'],
  ['denied where nobody is let in', closed, 'denied'],
  ['denied where the rule is about another port', toWhoeverIsNamed(9090), 'denied'],
  ['unknown where it depends on labels', toWhoeverIsNamed(8080), 'unknown'],
];

for (const [what, policy, verdict] of strangers) {
  test(`where nobody described who passes requests on it is ${what}`, () => {
    const [way] = exposuresOf(shop(policy));
    assert.deepEqual(way?.verdicts, [verdict]);
    assert.equal(way.why !== undefined, verdict === 'unknown');
    const rows = reach(shop(policy)).connections.filter(({ source }) => source === 'edge[IngressClass]');
    const expected = { source: 'edge[IngressClass]', destination: 'shop/web[Pod]', ports: ['TCP 8080'] };
    assert.deepEqual(rows, verdict === 'denied' ? [] : [expected]);
  });
}

test('where its pods are known they have the rows, and the class has none', () => {
  const sources = reach(shop(toWhoeverIsNamed(8080), 'controller')).connections.map(({ source }) => source);
  assert.ok(sources.includes('ingress/proxy[Pod]'));
  assert.ok(!sources.includes('edge[IngressClass]'));
});
