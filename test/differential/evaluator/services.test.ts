import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import { evaluate } from './evaluate.ts';
import { nodes, outsider, pod, policy, service } from './fixtures.ts';
import type { Destination, Outcome, Source } from './question.ts';

const web = service('shop/web', {
  type: 'NodePort',
  clusterIP: '10.96.7.1',
  selector: { app: 'web' },
  ports: [
    { name: 'http', port: 8000, targetPort: 'http', nodePort: 30080 },
    { name: 'wrong', port: 8001, targetPort: 81, nodePort: 30081 },
    { name: 'nobody', port: 8002, targetPort: 'missing', nodePort: 30082 },
  ],
});
const host = service('shop/host', {
  type: 'NodePort',
  clusterIP: '10.96.7.2',
  selector: { app: 'host' },
  ports: [{ port: 80, targetPort: 9000, nodePort: 30090 }],
});
const hostPod = pod('shop/host', '172.20.1.1', { hostNetwork: true, ports: [{ containerPort: 9000 }] });
const cluster: KubernetesObject[] = [
  ...nodes,
  web,
  host,
  hostPod,
  pod('shop/web', '10.244.1.5'),
  pod('shop/client', '10.244.1.6'),
  pod('shop/far', '10.244.2.7'),
];

const fromPod = (key: string): Source => ({ kind: 'pod', pod: key });
const fromNode = (index: number): Source => ({ kind: 'node', node: `node-${index}` });
const fromOutside: Source = { kind: 'external', address: outsider };
const toPod = (key: string): Destination => ({ kind: 'pod', pod: key });
const toNode = (index: number): Destination => ({ kind: 'node', node: `node-${index}` });
const toWeb: Destination = { kind: 'service', service: 'shop/web' };
const toHost: Destination = { kind: 'service', service: 'shop/host' };

function ask(source: Source, destination: Destination, port: number, objects = cluster): Outcome[] {
  return evaluate(objects, { source, destination, protocol: 'TCP', port });
}

/** The source addresses that may be seen; the verdict where it is another one. */
function seen(source: Source, destination: Destination, port: number, objects = cluster): string[] {
  return ask(source, destination, port, objects).map((outcome) =>
    outcome.verdict === 'allowed' ? outcome.sourceSeen : outcome.verdict,
  );
}

test('pods see each other’s own addresses', () => {
  assert.deepEqual(seen(fromPod('shop/client'), toPod('shop/web'), 80), ['10.244.1.6']);
  assert.deepEqual(seen(fromPod('shop/far'), toPod('shop/web'), 80), ['10.244.2.7']);
  assert.deepEqual(seen(fromPod('shop/web'), toPod('shop/web'), 80), ['10.244.1.5']);
});

test('a port on which nobody listens refuses', () => {
  assert.deepEqual(ask(fromPod('shop/client'), toPod('shop/web'), 81), [{ verdict: 'refused' }]);
  assert.deepEqual(ask(fromPod('shop/client'), toWeb, 8001), [{ verdict: 'refused' }]);
  assert.deepEqual(ask(fromPod('shop/client'), toNode(1), 9001), [{ verdict: 'refused' }]);
  const udp = evaluate(cluster, {
    source: fromOutside,
    destination: toPod('shop/web'),
    protocol: 'UDP',
    port: 80,
  });
  assert.deepEqual(udp, [{ verdict: 'refused' }]);
});

test('a cluster address leads to a backend’s own port, which sees the client pod', () => {
  assert.deepEqual(ask(fromPod('shop/far'), toWeb, 8000), [
    { verdict: 'allowed', sourceSeen: '10.244.2.7', backend: 'shop/web' },
  ]);
});

test('a pod that is its own backend sees its node', () => {
  assert.deepEqual(seen(fromPod('shop/web'), toWeb, 8000), ['172.20.1.1']);
});

test('a Service without endpoints for the port rejects, also an undeclared port of a cluster address', () => {
  assert.deepEqual(seen(fromPod('shop/client'), toWeb, 8002), ['rejected']);
  assert.deepEqual(seen(fromPod('shop/client'), toWeb, 80), ['rejected']);
  assert.deepEqual(seen(fromOutside, toNode(2), 30082), ['rejected']);
  const denyAll = policy('shop/deny', { podSelector: {}, policyTypes: ['Egress'] });
  assert.deepEqual(seen(fromPod('shop/client'), toWeb, 80, [...cluster, denyAll]), ['rejected']);
});

test('pods that are not ready, and those of other namespaces, are no backends', () => {
  const others = [
    pod('shop/sick', '10.244.2.8', { labels: { app: 'web' }, ready: false }),
    pod('other/web', '10.244.2.9'),
  ];
  assert.equal(ask(fromPod('shop/far'), toWeb, 8000, [...cluster, ...others]).length, 1);
  const sickOnly = [...nodes, web, ...others, pod('shop/client', '10.244.1.6')];
  assert.deepEqual(seen(fromPod('shop/client'), toWeb, 8000, sickOnly), ['rejected']);
});

test('several backends are several possible outcomes, each named port resolved by its own pod', () => {
  const second = pod('shop/web2', '10.244.2.8', {
    labels: { app: 'web' },
    ports: [{ name: 'http', containerPort: 8080 }],
  });
  const allowed = ask(fromPod('shop/client'), toWeb, 8000, [...cluster, second]);
  assert.deepEqual(
    allowed.map((outcome) => outcome.verdict === 'allowed' && outcome.backend),
    ['shop/web', 'shop/web2'],
  );
  const closed = policy('shop/closed', { podSelector: { matchLabels: { app: 'web' } } });
  const denied = ask(fromPod('shop/client'), toWeb, 8000, [...cluster, second, closed]);
  assert.deepEqual(denied, [{ verdict: 'denied' }]);
});

test('a node sends to its own pods from its address, and to others from its tunnel’s', () => {
  assert.deepEqual(seen(fromNode(1), toPod('shop/web'), 80), ['172.20.1.1']);
  assert.deepEqual(seen(fromNode(2), toPod('shop/web'), 80), ['10.244.2.0']);
  assert.deepEqual(seen(fromNode(1), toWeb, 8000), ['172.20.1.1']);
  assert.deepEqual(seen(fromNode(3), toWeb, 8000), ['10.244.3.0']);
  assert.deepEqual(seen(fromPod('shop/host'), toPod('shop/far'), 80), ['10.244.1.0']);
});

test('whoever comes by node port is masqueraded by the node where it came in', () => {
  assert.deepEqual(seen(fromOutside, toNode(1), 30080), ['172.20.1.1']);
  assert.deepEqual(seen(fromOutside, toNode(2), 30080), ['10.244.2.0']);
  assert.deepEqual(seen(fromNode(1), toNode(2), 30080), ['10.244.2.0']);
  assert.deepEqual(seen(fromNode(2), toNode(2), 30080), ['10.244.2.0']);
  assert.deepEqual(seen(fromNode(2), toNode(1), 30080), ['172.20.1.1']);
});

test('a pod’s own node port is translated on its node, another node’s on that one', () => {
  assert.deepEqual(seen(fromPod('shop/client'), toNode(1), 30080), ['172.20.1.1']);
  assert.deepEqual(seen(fromPod('shop/far'), toNode(2), 30080), ['10.244.2.0']);
  assert.deepEqual(seen(fromPod('shop/far'), toNode(1), 30080), ['172.20.1.1']);
  assert.deepEqual(seen(fromPod('shop/client'), toNode(3), 30080), ['10.244.3.0']);
});

test('egress through another node’s node port is judged on that node’s address, through the own one on the backend', () => {
  const onlyWeb = policy('shop/only-web', {
    podSelector: {},
    policyTypes: ['Egress'],
    egress: [{ to: [{ podSelector: { matchLabels: { app: 'web' } } }] }],
  });
  const objects = [...cluster, onlyWeb];
  assert.deepEqual(seen(fromPod('shop/far'), toNode(2), 30080, objects), ['10.244.2.0']);
  assert.deepEqual(seen(fromPod('shop/far'), toNode(1), 30080, objects), ['denied']);
});

test('what leaves the pod network wears the address of the pod’s node, except towards that node', () => {
  assert.deepEqual(seen(fromPod('shop/far'), { kind: 'external', address: outsider }, 443), ['172.20.1.2']);
  assert.deepEqual(seen(fromPod('shop/far'), toPod('shop/host'), 9000), ['172.20.1.2']);
  assert.deepEqual(seen(fromPod('shop/client'), toNode(1), 9000), ['10.244.1.6']);
  assert.deepEqual(seen(fromNode(2), { kind: 'external', address: outsider }, 443), ['172.20.1.2']);
  assert.deepEqual(seen(fromOutside, toPod('shop/web'), 80), [outsider]);
});

test('a hostNetwork backend is its node: no masquerade where the packet is there already', () => {
  assert.deepEqual(seen(fromPod('shop/client'), toHost, 80), ['10.244.1.6']);
  assert.deepEqual(seen(fromPod('shop/far'), toHost, 80), ['172.20.1.2']);
  assert.deepEqual(seen(fromOutside, toNode(1), 30090), [outsider]);
  assert.deepEqual(seen(fromOutside, toNode(2), 30090), ['172.20.1.2']);
  assert.deepEqual(seen(fromPod('shop/far'), toNode(1), 30090), ['172.20.1.2']);
  const denyAll = policy('shop/deny', { podSelector: {} });
  assert.deepEqual(seen(fromPod('shop/far'), toHost, 80, [...cluster, denyAll]), ['172.20.1.2']);
});

test('somebody outside reaches a cluster address only through a node, which masquerades', () => {
  assert.throws(() => ask(fromOutside, toWeb, 8000), RangeError);
  assert.deepEqual(seen({ ...fromOutside, via: 'node-2' }, toWeb, 8000), ['10.244.2.0']);
});

test('a Service without selector has the endpoints of its slices', () => {
  const manual = service('shop/manual', { clusterIP: '10.96.7.3', ports: [{ port: 80 }] });
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'shop', name: 'manual-1', labels: { 'kubernetes.io/service-name': 'manual' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [outsider] }, { addresses: ['10.244.2.7'], conditions: { ready: false } }],
    ports: [{ port: 443 }],
  };
  const toManual: Destination = { kind: 'service', service: 'shop/manual' };
  assert.deepEqual(ask(fromPod('shop/client'), toManual, 80, [...cluster, manual, slice]), [
    { verdict: 'allowed', sourceSeen: '172.20.1.1', backend: outsider },
  ]);
});
