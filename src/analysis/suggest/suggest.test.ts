import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NetworkPolicySpec } from '../../api/types/network.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { ObservedFlow } from '../../model/flows/observed-flow.ts';
import { describeCluster, type ClusterDescription } from '../testing/cluster.ts';
import { proveSuggestion } from './proof.ts';
import { suggest, type Suggestion } from './suggest.ts';

const dns = { 'kube-system/dns': { of: 'dns', labels: { 'k8s-app': 'kube-dns' } } };
const shop: NonNullable<ClusterDescription['pods']> = {
  ...dns,
  'shop/web-1': { of: 'web', labels: { app: 'web', 'pod-template-hash': 'x' } },
  'shop/web-2': { of: 'web', labels: { app: 'web', 'pod-template-hash': 'x' }, node: 2 },
  'shop/api-1': { of: 'api', labels: { app: 'api' }, node: 2 },
  'garden/visitor-1': { of: 'visitor', labels: { app: 'visitor' } },
};

/** `web -> api 80`, seen at both ends; `>` was seen only where it was sent, `<` only where it was received. */
function seen(text: string): ObservedFlow {
  const [source = '', arrow, destination = '', port] = text.split(' ');
  return {
    source: endOf(source),
    destination: endOf(destination),
    protocol: 'TCP',
    port: Number(port),
    sent: arrow !== '<',
    received: arrow !== '>',
    first: '2026-01-01T00:00:00Z',
    last: '2026-01-01T00:00:00Z',
  };
}

const endOf = (end: string): string => (/^[a-z]+\/[a-z]+$/.test(end) ? `${end}[Deployment]` : end);

const of = (cluster: Cluster, ...texts: string[]): Suggestion =>
  suggest(cluster, texts.map(seen), { isAsked: (namespace) => namespace !== 'kube-system' });

function specOf({ policies }: Suggestion, name: string): NetworkPolicySpec {
  const found = policies.find(({ policy }) => policy.metadata.name === name);
  assert.ok(found !== undefined, `no ${name}`);
  return found.policy.spec;
}

const openDns = {
  to: [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
  ],
  ports: [
    { protocol: 'TCP', port: 53 },
    { protocol: 'UDP', port: 53 },
  ],
};

describe('suggested policies', () => {
  test('are one for each workload, with peers by label and the DNS kept open', () => {
    const cluster = describeCluster({ pods: shop });
    const made = of(cluster, 'shop/web -> shop/api 80', 'garden/visitor -> shop/web 8080');
    assert.deepEqual(
      made.policies.map(({ policy }) => `${policy.metadata.namespace}/${policy.metadata.name}`),
      ['garden/observed-visitor', 'shop/observed-api', 'shop/observed-web'],
    );
    assert.deepEqual(specOf(made, 'observed-web'), {
      podSelector: { matchLabels: { app: 'web' } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'garden' } },
              podSelector: { matchLabels: { app: 'visitor' } },
            },
          ],
          ports: [{ protocol: 'TCP', port: 8080 }],
        },
      ],
      egress: [
        openDns,
        {
          to: [{ podSelector: { matchLabels: { app: 'api' } } }],
          ports: [{ protocol: 'TCP', port: 80 }],
        },
      ],
    });
  });

  test('let through what was seen and nothing else', () => {
    const cluster = describeCluster({ pods: shop });
    const made = of(
      cluster,
      'shop/web -> shop/api 80',
      'shop/web -> shop/api 81',
      'shop/api > 198.51.100.7 443',
    );
    const proof = proveSuggestion(cluster, made);
    assert.deepEqual([proof.broken, proof.unused, proof.outside], [[], [], []]);
    assert.ok(proof.after < proof.before);
  });

  test('are proved wrong by policies of other tiers that deny, and named open by others that allow', () => {
    const cluster = describeCluster({
      pods: shop,
      namespaces: { shop: { 'kubernetes.io/metadata.name': 'shop' } },
      policies: {
        'shop/open': {
          podSelector: { matchLabels: { app: 'api' } },
          ingress: [{ ports: [{ protocol: 'TCP', port: 9 }] }],
          egress: [{ ports: [{ protocol: 'TCP', port: 9 }] }],
          policyTypes: ['Ingress', 'Egress'],
        },
        'shop/out': {
          podSelector: { matchLabels: { app: 'web' } },
          egress: [{ ports: [{ protocol: 'TCP', port: 9 }] }],
          policyTypes: ['Egress'],
        },
      },
      clusterPolicies: {
        never: {
          tier: 'Admin',
          priority: 1,
          subject: { pods: { podSelector: { matchLabels: { app: 'web' } } } },
          ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }],
        },
      },
    });
    const proof = proveSuggestion(
      cluster,
      of(cluster, 'shop/web -> shop/api 80', 'garden/visitor -> shop/web 80'),
    );
    assert.deepEqual(
      proof.broken.map(({ why }) => why.replace(/web-\d/, 'web')),
      ['ingress of shop/web is denied by ClusterNetworkPolicy never'],
    );
    assert.deepEqual(proof.unused, [
      { source: 'kube-system/dns[Deployment]', destination: 'shop/api[Deployment]', ports: ['TCP 9'] },
      { source: 'shop/web[Deployment]', destination: 'shop/api[Deployment]', ports: ['TCP 9'] },
    ]);
    assert.match(proof.outside.join('\n'), /^0\.0\.0\.0\/0 => shop\/api\[Deployment\] : TCP 9$/m);
  });

  test('hold no address where a pod was seen, and few blocks where many addresses were', () => {
    const cluster = describeCluster({ pods: shop });
    const many = Array.from({ length: 40 }, (_, i) => `shop/web > 198.51.100.${i * 5} 443`);
    const { egress = [] } = specOf(
      of(cluster, 'shop/web > 192.0.2.2 80', 'shop/web > 192.0.2.3 80', ...many),
      'observed-web',
    );
    const blocks = egress.flatMap(({ to = [] }) => to.flatMap(({ ipBlock }) => ipBlock?.cidr ?? []));
    assert.ok(blocks.includes('192.0.2.2/31'), blocks.join());
    assert.ok(blocks.length <= 9, blocks.join());
  });

  test('that had to be wide leave out the pods', () => {
    const cluster = describeCluster({ pods: shop });
    const far = [9, 11, 60, 100, 130, 160, 190, 200, 220].map((first) => `shop/web > ${first}.1.1.1 443`);
    const { egress = [] } = specOf(of(cluster, ...far), 'observed-web');
    const wide = egress.flatMap(({ to = [] }) => to).find(({ ipBlock }) => ipBlock?.cidr === '8.0.0.0/6');
    assert.deepEqual(wide?.ipBlock, { cidr: '8.0.0.0/6', except: ['10.244.0.0/16'] });
  });

  test('let in what other nodes may send on, and say nothing of the own node', () => {
    const cluster = describeCluster({ pods: shop });
    const made = of(cluster, 'node:node-2 < shop/api 80', 'node:node-1 < shop/web 80');
    assert.deepEqual(specOf(made, 'observed-api').ingress, []);
    const [rule] = specOf(made, 'observed-web').ingress ?? [];
    assert.deepEqual(
      rule?.from?.map(({ ipBlock }) => ipBlock?.cidr),
      ['10.244.1.0/32', '10.244.2.0/32', '172.20.1.1/32', '172.20.1.2/32'],
    );
  });

  test('close what was sent and never arrived, and leave out ends that are gone', () => {
    const cluster = describeCluster({ pods: shop });
    const made = of(
      cluster,
      'shop/web > shop/api 81',
      'shop/old -> shop/api 80',
      '10.244.9.9 < shop/api 80',
      'shop/web -> shop/api 80',
    );
    assert.deepEqual(
      made.flows.map(({ port, source }) => `${source} ${port}`),
      ['shop/web[Deployment] 80'],
    );
    assert.deepEqual(made.notes, [
      'left out: 2 observed connections of pods, workloads or nodes that are gone',
    ]);
  });

  test('tell workloads apart by as few labels as it takes, also by those that they lack', () => {
    const pods = {
      ...dns,
      'shop/a-1': { of: 'a', labels: { app: 'x', version: 'v1', team: 'red' } },
      'shop/b-1': { of: 'b', labels: { app: 'x', version: 'v2', team: 'red' } },
      'shop/c-1': { of: 'c', labels: { app: 'y' } },
      'shop/d-1': { of: 'd', labels: { app: 'y', canary: 'yes' } },
    };
    const made = of(describeCluster({ pods }), 'shop/a -> shop/b 80', 'shop/c -> shop/d 80');
    assert.deepEqual(specOf(made, 'observed-a').podSelector, { matchLabels: { app: 'x', version: 'v1' } });
    assert.deepEqual(specOf(made, 'observed-d').podSelector, { matchLabels: { app: 'y', canary: 'yes' } });
    assert.deepEqual(specOf(made, 'observed-c').podSelector, {
      matchLabels: { app: 'y' },
      matchExpressions: [{ key: 'canary', operator: 'DoesNotExist' }],
    });
  });

  test('are one for workloads that no label tells apart, and none for pods without labels: both are said', () => {
    const pods = {
      ...dns,
      'shop/a-1': { of: 'a', labels: { app: 'x' } },
      'shop/b-1': { of: 'b', labels: { app: 'x' } },
      'shop/bare': {},
    };
    const made = of(describeCluster({ pods }), 'shop/a -> shop/b 80');
    assert.equal(made.policies.length, 1);
    assert.deepEqual(made.notes, [
      'one policy for shop/a[Deployment] and shop/b[Deployment]: no label tells them apart',
      'no policy for shop/bare[Pod]: the pods have no labels to select them by',
    ]);
  });
});
