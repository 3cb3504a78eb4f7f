import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject, Protocol } from '../../../src/api/types/meta.ts';
import type { NetworkPolicyPeer, NetworkPolicySpec } from '../../../src/api/types/network.ts';
import { evaluate } from './evaluate.ts';
import { namespace, nodes, outsider, pod, policy } from './fixtures.ts';
import type { Outcome } from './question.ts';
import { selects } from './selector.ts';

const ports = [
  { name: 'http', containerPort: 80 },
  { name: 'alt', containerPort: 8080 },
  { containerPort: 32000 },
  { name: 'dns', containerPort: 53, protocol: 'UDP' as const },
];
const cluster: KubernetesObject[] = [
  ...nodes,
  namespace('default', { project: 'default' }),
  namespace('team', { project: 'myproject' }),
  pod('default/db', '10.244.1.2', { labels: { role: 'db' }, ports }),
  pod('default/frontend', '10.244.2.2', { labels: { role: 'frontend' }, ports }),
  pod('default/other', '10.244.2.3', { labels: { role: 'other' }, ports }),
  pod('team/frontend', '10.244.2.4', { labels: { role: 'frontend' }, ports }),
  pod('team/other', '10.244.2.5', {
    labels: { role: 'other' },
    ports: [{ name: 'http', containerPort: 8080 }],
  }),
  pod('unlabelled/frontend', '10.244.3.2', { labels: { role: 'frontend' } }),
];
const everyone = ['default/frontend', 'default/other', 'team/frontend', 'team/other', 'unlabelled/frontend'];
const db = { podSelector: { matchLabels: { role: 'db' } } };

interface Try {
  readonly from: string;
  readonly to?: string;
  readonly port?: number;
  readonly protocol?: Protocol;
}

/** What comes of a connection between two pods, addresses or nodes. */
function verdict(spec: NetworkPolicySpec | NetworkPolicySpec[], tried: Try): Outcome['verdict'] | undefined {
  const specs = Array.isArray(spec) ? spec : [spec];
  const policies = specs.map((spec, index) => policy(`default/p${index}`, spec));
  const { from, to = 'default/db', port = 80, protocol = 'TCP' } = tried;
  const source = from.startsWith('node-')
    ? ({ kind: 'node', node: from } as const)
    : from.includes('/')
      ? ({ kind: 'pod', pod: from } as const)
      : ({ kind: 'external', address: from } as const);
  const destination = to.startsWith('node-')
    ? ({ kind: 'node', node: to } as const)
    : to.includes('/')
      ? ({ kind: 'pod', pod: to } as const)
      : ({ kind: 'external', address: to } as const);
  return evaluate([...cluster, ...policies], { source, destination, protocol, port })[0]?.verdict;
}

/** Which of the pods reach the database. */
function admitted(...from: NetworkPolicyPeer[]): string[] {
  return everyone.filter((key) => verdict({ ...db, ingress: [{ from }] }, { from: key }) === 'allowed');
}

test('a pod that no policy selects takes and sends everything', () => {
  for (const from of everyone) assert.equal(verdict([], { from }), 'allowed');
  const elsewhere = { podSelector: { matchLabels: { role: 'nobody' } } };
  assert.equal(verdict(elsewhere, { from: 'default/other' }), 'allowed');
});

test('selecting a pod isolates it, and an empty selector selects the whole namespace and no other', () => {
  assert.equal(verdict(db, { from: 'default/frontend' }), 'denied');
  assert.equal(verdict({ podSelector: {} }, { from: 'default/frontend' }), 'denied');
  assert.equal(verdict({ podSelector: {} }, { from: 'default/frontend', to: 'team/frontend' }), 'allowed');
});

test('rules of all policies add up', () => {
  const closed = { ...db, ingress: [] };
  const open = { ...db, ingress: [{ from: [{ podSelector: { matchLabels: { role: 'frontend' } } }] }] };
  assert.equal(verdict([closed, open], { from: 'default/frontend' }), 'allowed');
  assert.equal(verdict([open, closed], { from: 'default/other' }), 'denied');
});

test('both ends must allow', () => {
  const noEgress: NetworkPolicySpec = {
    podSelector: { matchLabels: { role: 'frontend' } },
    policyTypes: ['Egress'],
  };
  const allowed = { ...db, ingress: [{}] };
  assert.equal(verdict([noEgress, allowed], { from: 'default/frontend' }), 'denied');
  assert.equal(verdict([noEgress, allowed], { from: 'default/other' }), 'allowed');
});

test('policyTypes default to Ingress, with Egress where there are egress rules', () => {
  const selectOther = { podSelector: { matchLabels: { role: 'other' } } };
  const sends = { from: 'default/other' };
  const takes = { from: 'default/frontend', to: 'default/other' };
  assert.deepEqual([verdict(selectOther, sends), verdict(selectOther, takes)], ['allowed', 'denied']);
  const noRules = { ...selectOther, egress: [] };
  assert.equal(verdict(noRules, sends), 'allowed');
  const narrow = { ...selectOther, egress: [{ ports: [{ port: 1 }] }] };
  assert.deepEqual([verdict(narrow, sends), verdict(narrow, takes)], ['denied', 'denied']);
  const egressOnly: NetworkPolicySpec = { ...selectOther, policyTypes: ['Egress'] };
  assert.deepEqual([verdict(egressOnly, sends), verdict(egressOnly, takes)], ['denied', 'allowed']);
  const ingressOnly: NetworkPolicySpec = { ...narrow, policyTypes: ['Ingress'] };
  assert.equal(verdict(ingressOnly, sends), 'allowed');
});

test('a podSelector alone means the policy’s own namespace', () => {
  assert.deepEqual(admitted({ podSelector: { matchLabels: { role: 'frontend' } } }), ['default/frontend']);
  assert.deepEqual(admitted({ podSelector: {} }), ['default/frontend', 'default/other']);
});

test('a namespaceSelector alone means all pods of those namespaces', () => {
  const byName = { matchLabels: { 'kubernetes.io/metadata.name': 'unlabelled' } };
  assert.deepEqual(admitted({ namespaceSelector: { matchLabels: { project: 'myproject' } } }), [
    'team/frontend',
    'team/other',
  ]);
  assert.deepEqual(admitted({ namespaceSelector: byName }), ['unlabelled/frontend']);
  assert.deepEqual(admitted({ namespaceSelector: {} }), everyone);
});

test('both selectors in one peer must hold; in two peers either', () => {
  const project = { namespaceSelector: { matchLabels: { project: 'myproject' } } };
  const frontend = { podSelector: { matchLabels: { role: 'frontend' } } };
  assert.deepEqual(admitted({ ...project, ...frontend }), ['team/frontend']);
  assert.deepEqual(admitted(project, frontend), ['default/frontend', 'team/frontend', 'team/other']);
});

test('an ipBlock matches pods too, and not what it excepts', () => {
  const ipBlock = { cidr: '10.244.0.0/16', except: ['10.244.2.4/31'] };
  assert.deepEqual(admitted({ ipBlock }), ['default/frontend', 'default/other', 'unlabelled/frontend']);
  const spec = { ...db, ingress: [{ from: [{ ipBlock: { cidr: '203.0.113.0/24' } }] }] };
  assert.equal(verdict(spec, { from: outsider }), 'allowed');
  assert.equal(verdict(spec, { from: '203.0.114.1' }), 'denied');
});

test('a rule without peers admits everyone, a policy without rules nobody', () => {
  assert.equal(verdict({ ...db, ingress: [{}] }, { from: outsider }), 'allowed');
  assert.equal(verdict({ ...db, ingress: [{ from: [] }] }, { from: outsider }), 'allowed');
  assert.equal(verdict({ ...db, ingress: [] }, { from: outsider }), 'denied');
});

test('a port is a number of one protocol, TCP where none is given, or a range', () => {
  const open = (
    ...ports: NonNullable<NonNullable<NetworkPolicySpec['ingress']>[number]['ports']>
  ): NetworkPolicySpec => ({
    ...db,
    ingress: [{ ports }],
  });
  const from = 'default/other';
  assert.equal(verdict(open({ port: 80 }), { from }), 'allowed');
  assert.equal(verdict(open({ port: 80 }), { from, port: 8080 }), 'denied');
  assert.equal(verdict(open({ port: 53 }), { from, port: 53, protocol: 'UDP' }), 'denied');
  assert.equal(verdict(open({ port: 53, protocol: 'UDP' }), { from, port: 53, protocol: 'UDP' }), 'allowed');
  assert.equal(verdict(open({ protocol: 'UDP' }), { from, port: 53, protocol: 'UDP' }), 'allowed');
  assert.equal(verdict(open({ protocol: 'UDP' }), { from }), 'denied');
  assert.equal(verdict(open({ port: 32000, endPort: 32768 }), { from, port: 32000 }), 'allowed');
  assert.equal(verdict(open({ port: 32001, endPort: 32768 }), { from, port: 32000 }), 'denied');
  assert.equal(verdict(open({ port: 79, endPort: 80 }, { port: 8080 }), { from, port: 8080 }), 'allowed');
  assert.equal(verdict(open({ port: 81 }), { from, port: 81 }), 'refused');
});

test('a named port is what the receiving pod calls so', () => {
  const egress: NetworkPolicySpec = {
    podSelector: { matchLabels: { role: 'frontend' } },
    policyTypes: ['Egress'],
    egress: [{ ports: [{ port: 'http' }] }],
  };
  const from = 'default/frontend';
  assert.equal(verdict(egress, { from, to: 'default/db', port: 80 }), 'allowed');
  assert.equal(verdict(egress, { from, to: 'team/other', port: 80 }), 'denied');
  assert.equal(verdict(egress, { from, to: 'team/other', port: 8080 }), 'allowed');
  assert.equal(verdict(egress, { from, to: outsider, port: 80 }), 'denied');
  const ingress = { ...db, ingress: [{ ports: [{ port: 'alt' }] }] };
  assert.deepEqual(
    [verdict(ingress, { from, port: 8080 }), verdict(ingress, { from })],
    ['allowed', 'denied'],
  );
  const wrongProtocol = { ...db, ingress: [{ ports: [{ port: 'dns' }] }] };
  assert.equal(verdict(wrongProtocol, { from, port: 53, protocol: 'UDP' }), 'denied');
});

test('the resident node and the pod itself are always let in, and let out to', () => {
  const closed: NetworkPolicySpec = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };
  assert.equal(verdict(closed, { from: 'node-1' }), 'allowed');
  assert.equal(verdict(closed, { from: 'node-2' }), 'denied');
  assert.equal(verdict(closed, { from: 'default/db' }), 'allowed');
  assert.equal(verdict(closed, { from: 'default/db', to: 'node-1' }), 'refused');
  assert.equal(verdict(closed, { from: 'default/db', to: 'node-2' }), 'denied');
});

test('another node comes from its tunnel’s address, which an ipBlock may name', () => {
  const tunnel = { ...db, ingress: [{ from: [{ ipBlock: { cidr: '10.244.2.0/32' } }] }] };
  assert.deepEqual(
    [verdict(tunnel, { from: 'node-2' }), verdict(tunnel, { from: 'node-3' })],
    ['allowed', 'denied'],
  );
  const primary = { ...db, ingress: [{ from: [{ ipBlock: { cidr: '172.20.0.0/16' } }] }] };
  assert.equal(verdict(primary, { from: 'node-2' }), 'denied');
});

test('selectors by expression: In and Exists want the label, NotIn and DoesNotExist are content without it', () => {
  const labels = { env: 'prod' };
  const holds = (
    key: string,
    operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist',
    values?: string[],
  ): boolean =>
    selects({ matchExpressions: [{ key, operator, ...(values === undefined ? {} : { values }) }] }, labels);
  assert.deepEqual(
    [holds('env', 'In', ['prod', 'dev']), holds('env', 'In', ['dev']), holds('tier', 'In', ['x'])],
    [true, false, false],
  );
  assert.deepEqual(
    [holds('env', 'NotIn', ['prod']), holds('env', 'NotIn', ['dev']), holds('tier', 'NotIn', ['x'])],
    [false, true, true],
  );
  assert.deepEqual([holds('env', 'Exists'), holds('tier', 'Exists')], [true, false]);
  assert.deepEqual([holds('env', 'DoesNotExist'), holds('tier', 'DoesNotExist')], [false, true]);
  assert.equal(
    selects(
      { matchLabels: { env: 'prod' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] },
      labels,
    ),
    false,
  );
});
