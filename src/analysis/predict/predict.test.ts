import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkPolicySpec } from '../../api/types/network.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { Flow, FlowEnd } from '../flow.ts';
import { describeCluster, type ClusterDescription } from '../testing/cluster.ts';
import { predict } from './predict.ts';

/*
 *     node-1 172.20.1.1   a/client 10.244.1.1, a/near 10.244.1.2
 *     node-2 172.20.1.2   a/far 10.244.2.1
 *     node-3 172.20.1.3
 *     a/both 10.96.0.1:80 -> near, far      a/self 10.96.0.2:80 -> client (node port 30002)
 *     a/empty 10.96.0.3:80                  a/near 10.96.0.4:80 (30004)    a/far 10.96.0.5:80 (30005)
 *     a/api 10.96.0.6:443 -> 172.20.0.10:6443
 */
const http = { containerPort: 8080, name: 'http' };
const port = { port: 80, targetPort: 8080 };
const base: ClusterDescription = {
  nodes: 3,
  pods: {
    'a/client': { node: 1, labels: { app: 'client' }, ports: [http] },
    'a/near': { node: 1, labels: { app: 'server' }, ports: [http] },
    'a/far': { node: 2, labels: { app: 'server' }, ports: [http] },
    'a/host': { node: 2, hostNetwork: true, ports: [{ containerPort: 9100 }] },
  },
  services: {
    'a/both': { ports: [port], endpoints: ['a/near', 'a/far'] },
    'a/self': { type: 'NodePort', ports: [{ ...port, nodePort: 30002 }], endpoints: ['a/client'] },
    'a/empty': { type: 'NodePort', ports: [{ ...port, nodePort: 30003 }], endpoints: [] },
    'a/near': { type: 'NodePort', ports: [{ ...port, nodePort: 30004 }], endpoints: ['a/near'] },
    'a/far': { type: 'LoadBalancer', ports: [{ ...port, nodePort: 30005 }], endpoints: ['a/far'] },
    'a/api': { ports: [{ port: 443, targetPort: 6443 }], endpoints: ['172.20.0.10'] },
    'a/host': { ports: [{ port: 80, targetPort: 9100 }], endpoints: ['a/host'] },
    'a/loop': { ports: [{ port: 80, targetPort: 30005 }], endpoints: ['172.20.1.2'] },
    'a/pods': { headless: true, ports: [port], endpoints: ['a/near'] },
  },
};

function endOf(text: string): Flow['destination'] {
  const [kind = '', name = ''] = text.split(':');
  if (kind === 'svc') return { kind: 'service', key: name };
  if (kind === 'node') return { kind: 'node', name };
  return text.includes('/') ? { kind: 'pod', key: text } : { kind: 'address', address: text };
}

/** `SOURCE -> DESTINATION PORT` */
function ask(cluster: Cluster, text: string, protocol: Flow['protocol'] = 'TCP'): ReturnType<typeof predict> {
  const [source = '', , destination = '', number = ''] = text.split(' ');
  const from = endOf(source);
  assert.notEqual(from.kind, 'service');
  return predict(cluster, {
    source: from as FlowEnd,
    destination: endOf(destination),
    protocol,
    port: Number(number),
  });
}

/** Verdict, and where somebody answers the backend and the source seen: `allowed a/near 10.244.1.1`. */
function summary(cluster: Cluster, text: string): string[] {
  return ask(cluster, text).outcomes.map(({ verdict, backend, sourceSeen }) =>
    [verdict, backend, sourceSeen].filter((part) => part !== undefined).join(' '),
  );
}

const open: [flow: string, outcomes: string[], rule: string][] = [
  ['a/client -> a/near 8080', ['allowed 10.244.1.1'], 'a pod is seen with its own address on its node'],
  ['a/client -> a/far 8080', ['allowed 10.244.1.1'], 'a pod is seen with its own address on other nodes'],
  ['a/client -> a/client 8080', ['allowed 10.244.1.1'], 'a pod reaches itself'],
  ['a/client -> 10.244.2.1 8080', ['allowed 10.244.1.1'], 'an address of a pod is the pod'],
  [
    'a/client -> svc:a/both 80',
    ['allowed a/near 10.244.1.1', 'allowed a/far 10.244.1.1'],
    'a Service keeps the source',
  ],
  ['a/client -> 10.96.0.5 80', ['allowed a/far 10.244.1.1'], 'a cluster address is the Service'],
  [
    'a/client -> svc:a/self 80',
    ['allowed a/client 172.20.1.1'],
    'a pod that is its own backend is masqueraded',
  ],
  ['node:node-1 -> a/near 8080', ['allowed 172.20.1.1'], 'a node shows its pods its own address'],
  ['node:node-1 -> a/far 8080', ['allowed 10.244.1.0'], 'a node shows pods elsewhere its tunnel address'],
  ['node:node-1 -> svc:a/near 80', ['allowed a/near 172.20.1.1'], 'a node through a Service, to its own pod'],
  [
    'node:node-1 -> svc:a/far 80',
    ['allowed a/far 10.244.1.0'],
    'a node through a Service, to a pod elsewhere',
  ],
  ['a/host -> a/near 8080', ['allowed 10.244.2.0'], 'a pod on the host network is its node'],
  [
    '203.0.113.10 -> node:node-1 30004',
    ['allowed a/near 172.20.1.1'],
    'a node port masquerades, to its own pod',
  ],
  [
    '203.0.113.10 -> node:node-1 30005',
    ['allowed a/far 10.244.1.0'],
    'a node port masquerades, to a pod elsewhere',
  ],
  [
    'node:node-1 -> node:node-3 30005',
    ['allowed a/far 10.244.3.0'],
    'the node where the packet enters masquerades',
  ],
  ['node:node-1 -> node:node-1 30005', ['allowed a/far 10.244.1.0'], "a node's own node port"],
  [
    'a/client -> node:node-1 30004',
    ['allowed a/near 172.20.1.1'],
    "the node port of a pod's own node, own pod",
  ],
  [
    'a/client -> node:node-1 30005',
    ['allowed a/far 10.244.1.0'],
    "the node port of a pod's own node, pod elsewhere",
  ],
  [
    'a/client -> node:node-1 30002',
    ['allowed a/client 172.20.1.1'],
    "itself through its own node's node port",
  ],
  [
    'a/client -> node:node-2 30005',
    ['allowed a/far 172.20.1.2'],
    'the node port of another node, its own pod',
  ],
  [
    'a/client -> node:node-3 30005',
    ['allowed a/far 10.244.3.0'],
    'the node port of another node, pod elsewhere',
  ],
  ['a/client -> node:node-2 30002', ['allowed a/client 10.244.2.0'], 'itself through another node'],
  ['a/client -> 203.0.113.10 443', ['allowed 172.20.1.1'], 'outside the cluster a pod is seen as its node'],
  ['a/client -> node:node-2 9100', ['allowed 172.20.1.1'], 'another node sees the pod as its node'],
  ['a/far -> node:node-2 9100', ['allowed 10.244.2.1'], "a pod's own node sees the pod"],
  ['a/client -> a/host 9100', ['allowed 172.20.1.1'], 'a pod on the host network is reached at its node'],
  ['node:node-1 -> 203.0.113.10 443', ['allowed 172.20.1.1'], 'a node is seen as itself outside'],
  ['node:node-1 -> node:node-2 9100', ['allowed 172.20.1.1'], 'a node is seen as itself by nodes'],
  ['203.0.113.10 -> node:node-2 9100', ['allowed 203.0.113.10'], 'a node sees who asks from outside'],
  ['a/client -> svc:a/api 443', ['allowed 172.20.1.1'], 'a Service may lead out of the cluster'],
  ['a/client -> svc:a/host 80', ['allowed a/host 172.20.1.1'], 'a Service may lead to a node'],
  ['a/client -> svc:a/loop 80', ['allowed a/far 172.20.1.2'], 'and there to a node port'],
  ['a/client -> a/near 81', ['refused'], 'nobody listens on a port that is not declared'],
  ['a/client -> node:node-2 81', ['refused'], 'nobody listens on a node'],
  ['a/client -> svc:a/empty 80', ['unreachable'], 'a Service without endpoints rejects'],
  ['203.0.113.10 -> node:node-1 30003', ['unreachable'], 'a node port without endpoints rejects'],
  ['a/client -> svc:a/near 81', ['unreachable'], 'an unknown port of a Service is rejected'],
  ['a/client -> 10.96.7.7 80', ['unreachable'], 'a cluster address that nobody has drops'],
  ['a/client -> 10.244.2.99 80', ['unreachable'], 'a pod address that nobody has'],
  ['203.0.113.10 -> a/near 8080', ['unreachable'], 'nobody outside has a route to pods'],
  ['203.0.113.10 -> svc:a/near 80', ['unreachable'], 'nobody outside has a route to cluster addresses'],
  ['203.0.113.10 -> 198.51.100.1 80', ['unreachable'], 'the cluster does not carry what is not its own'],
  ['a/client -> svc:a/pods 80', ['unreachable'], 'a headless Service has no address of its own'],
];

const openCluster = describeCluster(base);
for (const [flow, outcomes, rule] of open) {
  test(`${rule}: ${flow}`, () => assert.deepEqual(summary(openCluster, flow), outcomes));
}

const servers = { podSelector: { matchLabels: { app: 'server' } } };
const clients = { podSelector: { matchLabels: { app: 'client' } } };
const block = (cidr: string): NetworkPolicySpec => ({
  ...servers,
  ingress: [{ from: [{ ipBlock: { cidr } }] }],
});
const egress = (spec: Partial<NetworkPolicySpec>): NetworkPolicySpec => ({
  ...clients,
  policyTypes: ['Egress'],
  ...spec,
});

const policed: [policy: NetworkPolicySpec, flow: string, outcomes: string[], rule: string][] = [
  [servers, 'a/client -> a/near 8080', ['denied'], 'an isolated pod lets nobody in'],
  [servers, 'node:node-1 -> a/near 8080', ['allowed 172.20.1.1'], 'but its own node'],
  [servers, 'node:node-1 -> a/far 8080', ['denied'], 'and no other node'],
  [
    servers,
    '203.0.113.10 -> node:node-1 30004',
    ['allowed a/near 172.20.1.1'],
    'a node port of its node looks like the node',
  ],
  [servers, '203.0.113.10 -> node:node-1 30005', ['denied a/far'], 'a node port of another node does not'],
  [
    servers,
    'a/near -> svc:a/near 80',
    ['allowed a/near 172.20.1.1'],
    'a pod reaches itself through its Service',
  ],
  [
    servers,
    'a/client -> svc:a/empty 80',
    ['unreachable'],
    'a Service without endpoints rejects before policies',
  ],
  [servers, 'a/client -> a/near 81', ['denied'], 'denied comes before refused'],
  [
    { ...servers, ingress: [{ from: [clients] }] },
    'a/client -> svc:a/both 80',
    ['allowed a/near 10.244.1.1', 'allowed a/far 10.244.1.1'],
    'a peer is seen through a Service',
  ],
  [
    { ...servers, ingress: [{ from: [clients] }] },
    'a/client -> node:node-3 30005',
    ['denied a/far'],
    'a peer is not seen through a node port',
  ],
  [
    { ...servers, ingress: [{ ports: [{ port: 'http' }] }] },
    'a/client -> svc:a/far 80',
    ['allowed a/far 10.244.1.1'],
    'ports are those behind the Service',
  ],
  [
    { ...servers, ingress: [{ ports: [{ port: 80 }] }] },
    'a/client -> svc:a/far 80',
    ['denied a/far'],
    "a Service's own port does not count",
  ],
  [
    block('203.0.113.0/24'),
    '203.0.113.10 -> node:node-1 30005',
    ['denied a/far'],
    'a client outside is hidden by its node port',
  ],
  [
    block('10.244.1.0/32'),
    '203.0.113.10 -> node:node-1 30005',
    ['allowed a/far 10.244.1.0'],
    'the tunnel address is what an ipBlock sees',
  ],
  [block('10.244.0.0/16'), 'a/client -> a/far 8080', ['allowed 10.244.1.1'], 'an ipBlock matches pods'],
  [egress({}), 'a/client -> 203.0.113.10 443', ['denied'], 'egress isolation keeps a pod in'],
  [egress({}), 'a/client -> node:node-1 9100', ['refused'], 'but not from its own node'],
  [egress({}), 'a/client -> node:node-2 9100', ['denied'], 'though from other nodes'],
  [egress({}), 'a/client -> svc:a/self 80', ['allowed a/client 172.20.1.1'], 'nor from itself'],
  [
    egress({}),
    'a/client -> node:node-1 30004',
    ['denied a/near'],
    "the own node's node port is judged by the backend",
  ],
  [
    egress({ egress: [{ to: [servers] }] }),
    'a/client -> node:node-1 30004',
    ['allowed a/near 172.20.1.1'],
    'and allowed by it',
  ],
  [
    egress({ egress: [{ to: [servers] }] }),
    'a/client -> node:node-2 30005',
    ['denied'],
    "another node's node port is judged by the node",
  ],
  [
    egress({ egress: [{ to: [{ ipBlock: { cidr: '172.20.1.2/32' } }], ports: [{ port: 30005 }] }] }),
    'a/client -> node:node-2 30005',
    ['allowed a/far 172.20.1.2'],
    'and allowed by its address and the node port',
  ],
  [
    egress({ egress: [{ to: [{ ipBlock: { cidr: '10.96.0.0/12' } }] }] }),
    'a/client -> svc:a/far 80',
    ['denied a/far'],
    'a cluster address in an ipBlock matches nothing',
  ],
  [
    egress({ egress: [{ to: [{ ipBlock: { cidr: '172.20.0.10/32' } }] }] }),
    'a/client -> svc:a/api 443',
    ['allowed 172.20.1.1'],
    'egress is judged where the Service leads',
  ],
  [
    egress({ egress: [{ to: [servers], ports: [{ port: 'http' }] }] }),
    'a/client -> a/far 8080',
    ['allowed 10.244.1.1'],
    "a port's name is the destination's",
  ],
];

for (const [policy, flow, outcomes, rule] of policed) {
  test(`with a policy, ${rule}: ${flow}`, () => {
    assert.deepEqual(summary(describeCluster({ ...base, policies: { 'a/policy': policy } }), flow), outcomes);
  });
}

test('backends that differ make the verdict unknown, and each has its own', () => {
  const onlyNear = { ...servers, ingress: [{ from: [{ ipBlock: { cidr: '10.244.1.0/24' } }] }] };
  const prediction = ask(
    describeCluster({
      ...base,
      pods: { ...base.pods, 'a/far': { node: 2, labels: { app: 'other' }, ports: [http] } },
      policies: { 'a/policy': { podSelector: { matchLabels: { app: 'other' } } }, 'a/near': onlyNear },
    }),
    'a/client -> svc:a/both 80',
  );
  assert.equal(prediction.verdict, 'unknown');
  assert.match(prediction.why ?? '', /a\/near allowed, a\/far denied/);
  assert.deepEqual(
    prediction.outcomes.map(({ verdict }) => verdict),
    ['allowed', 'denied'],
  );
});

test('a reason names the port of the Service by protocol and number', () => {
  const ports = [
    { port: 53, targetPort: 8080, protocol: 'UDP' as const },
    { port: 53, targetPort: 8080, name: 'tcp' },
  ];
  const cluster = describeCluster({ ...base, services: { 'a/dns': { ports, endpoints: ['a/near'] } } });
  assert.equal(ask(cluster, 'a/client -> svc:a/dns 53').outcomes[0]?.reasons[0]?.rule, 'spec.ports[1]');
});

test('protocols are told apart', () => {
  assert.equal(ask(openCluster, 'a/client -> a/near 8080', 'UDP').verdict, 'refused');
  assert.equal(ask(openCluster, 'a/client -> svc:a/near 80', 'UDP').verdict, 'unreachable');
});

test('reasons name stage, object and rule in the order of the way, with their place in the manifests', () => {
  const cluster = describeCluster({
    ...base,
    policies: {
      'a/in': { ...servers, ingress: [{ from: [servers] }, { from: [clients], ports: [{ port: 8080 }] }] },
      'a/out': egress({ egress: [{}] }),
    },
  });
  const flow: Flow = {
    source: { kind: 'pod', key: 'a/client' },
    destination: { kind: 'service', key: 'a/far' },
    protocol: 'TCP',
    port: 80,
  };
  const sourceOf = ({ key }: { key: string }, path: string): { file: string; line: number } => ({
    file: `${key}.yaml`,
    line: path.length,
  });
  const [outcome] = predict(cluster, flow, { sourceOf }).outcomes;
  assert.deepEqual(
    outcome?.reasons.map(({ stage, object, rule, verdict, file }) => [stage, object, rule, verdict, file]),
    [
      ['service', 'Service a/far', 'spec.ports[0]', 'allowed', 'a/far.yaml'],
      ['egress', 'NetworkPolicy a/out', 'spec.egress[0]', 'allowed', 'a/out.yaml'],
      ['ingress', 'NetworkPolicy a/in', 'spec.ingress[1]', 'allowed', 'a/in.yaml'],
      ['delivery', 'Pod a/far', 'listens on TCP 8080', 'allowed', undefined],
    ],
  );
  assert.deepEqual(
    outcome?.path.map(({ at, packet }) => `${at} ${packet}`),
    [
      'a/client TCP 10.244.1.1 -> 10.96.0.5:80',
      'node:node-1 TCP 10.244.1.1 -> 10.244.2.1:8080',
      'node:node-1 TCP 10.244.1.1 -> 10.244.2.1:8080',
      'node:node-1 TCP 10.244.1.1 -> 10.244.2.1:8080',
      'node:node-2 TCP 10.244.1.1 -> 10.244.2.1:8080',
      'a/far TCP 10.244.1.1 -> 10.244.2.1:8080',
    ],
  );
});

test('every policy that isolates a pod is a reason for its denial', () => {
  const cluster = describeCluster({ ...base, policies: { 'a/one': servers, 'a/two': { podSelector: {} } } });
  const [outcome] = ask(cluster, 'a/client -> a/near 8080').outcomes;
  assert.deepEqual(
    outcome?.reasons
      .filter(({ verdict }) => verdict === 'denied')
      .map(({ object, rule }) => `${object} ${rule}`),
    ['NetworkPolicy a/one spec.podSelector', 'NetworkPolicy a/two spec.podSelector'],
  );
  assert.equal(outcome?.path.at(-1)?.at, 'node:node-1');
});

for (const [flow, code] of [
  ['a/nobody -> a/near 80', 'unknown-object'],
  ['a/client -> svc:a/nothing 80', 'unknown-object'],
  ['a/client -> node:nowhere 80', 'unknown-object'],
  ['a/client -> not-an-address 80', 'invalid-address'],
  ['10.244.1.77 -> a/near 80', 'unknown-source'],
]) {
  test(`a flow whose ends make no sense is refused: ${flow}`, () => {
    assert.throws(() => ask(openCluster, flow ?? ''), { code });
  });
}

test('an address that may be one of an accepted domain name is unknown, and one of the cluster is not', () => {
  const cluster = describeCluster({
    ...base,
    clusterPolicies: {
      named: {
        tier: 'Admin',
        priority: 1,
        subject: { pods: { podSelector: { matchLabels: { app: 'client' } } } },
        egress: [
          {
            action: 'Accept',
            to: [{ domainNames: ['*.example.com'] }],
            protocols: [{ tcp: { destinationPort: { number: 443 } } }],
          },
          { action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }] },
        ],
      },
    },
  });
  const { verdict, why, outcomes } = ask(cluster, 'a/client -> 198.51.100.7 443');
  assert.equal(verdict, 'unknown');
  assert.match(
    why ?? '',
    /^denied unless 198\.51\.100\.7 is an address of .* ClusterNetworkPolicy named \(spec\.egress\[0\]\)/,
  );
  assert.deepEqual(
    outcomes[0]?.reasons.map(({ rule, verdict: said }) => `${rule} ${said}`),
    ['spec.egress[0] allowed', 'spec.egress[1] denied'],
  );
  assert.equal(ask(cluster, 'a/client -> 198.51.100.7 80').verdict, 'denied');
  assert.equal(ask(cluster, 'a/client -> a/far 443').verdict, 'denied');
});

test('where a machine is on another segment than the nodes, the answer is unknown', () => {
  const cluster = describeCluster({ pods: { 'a/pod': {} } });
  const verdictAt = (address: string): string => {
    const [pod, machine] = [
      { kind: 'pod', key: 'a/pod' } as const,
      { kind: 'address', address, machine: 'vm:camera' } as const,
    ];
    const there = predict(cluster, { source: pod, destination: machine, protocol: 'TCP', port: 554 });
    const back = predict(cluster, { source: machine, destination: pod, protocol: 'TCP', port: 80 });
    return `${there.verdict} and ${back.verdict}`;
  };
  assert.equal(verdictAt('192.168.20.50'), 'unknown and unknown');
  assert.equal(verdictAt('172.20.200.9'), 'allowed and unreachable');
});
