import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeCluster } from '../testing/cluster.ts';
import { liveCells } from './live-cells.ts';

const http = { containerPort: 8080 };
const port = { port: 80, targetPort: 8080 };
const cluster = describeCluster({
  pods: {
    'a/client': { node: 1, labels: { app: 'client' } },
    'a/server': { node: 2, labels: { app: 'server' }, ports: [http, { containerPort: 64_999 }] },
    'kube-system/dns': {
      node: 2,
      labels: { 'k8s-app': 'kube-dns' },
      ports: [{ containerPort: 53, protocol: 'UDP' }],
    },
  },
  services: {
    'a/server': { ports: [port], endpoints: ['a/server'] },
    'kube-system/kube-dns': {
      ports: [{ port: 53, targetPort: 53, protocol: 'UDP' }],
      endpoints: ['kube-system/dns'],
    },
  },
  policies: {
    'a/p': { podSelector: { matchLabels: { app: 'server' } }, ingress: [{ ports: [{ port: 8080 }] }] },
  },
});

const described = (matrix: ReturnType<typeof liveCells>): string[] =>
  matrix.cells.map(({ source, destination: { kind, key }, protocol, port, isDeclared, verdict, outcomes }) =>
    [
      `${source} -> ${kind === 'service' ? 'svc:' : ''}${key} ${protocol} ${port}${isDeclared ? '' : '?'}: ${verdict}`,
      ...outcomes.map(({ sourceSeen }) => sourceSeen).filter((seen) => seen !== undefined),
    ].join(' '),
  );

test('cells are every pod to every pod and Service, on declared ports and one undeclared of each protocol', () => {
  assert.deepEqual(described(liveCells(cluster)), [
    'a/client -> a/client TCP 64999?: refused',
    'a/server -> a/client TCP 64999?: refused',
    'a/client -> a/client UDP 64999?: refused',
    'a/server -> a/client UDP 64999?: refused',
    'a/client -> a/server TCP 8080: allowed 10.244.1.1',
    'a/server -> a/server TCP 8080: allowed 10.244.2.1',
    'a/client -> a/server TCP 64999: denied',
    'a/server -> a/server TCP 64999: allowed 10.244.2.1',
    'a/client -> a/server TCP 64998?: denied',
    'a/server -> a/server TCP 64998?: refused',
    'a/client -> a/server UDP 64999?: denied',
    'a/server -> a/server UDP 64999?: refused',
    'a/client -> svc:a/server TCP 80: allowed 10.244.1.1',
    'a/server -> svc:a/server TCP 80: allowed 172.20.1.2',
    'a/client -> svc:a/server TCP 64999?: unreachable',
    'a/server -> svc:a/server TCP 64999?: unreachable',
    'a/client -> svc:a/server UDP 64999?: unreachable',
    'a/server -> svc:a/server UDP 64999?: unreachable',
  ]);
});

test('the cluster DNS has cells when asked for', () => {
  const cells = described(liveCells(cluster, { includeClusterDns: true }));
  assert.ok(cells.includes('a/client -> svc:kube-system/kube-dns UDP 53: allowed 10.244.1.1'));
  assert.ok(cells.includes('kube-system/dns -> a/client TCP 64999?: refused'));
});

test('what cannot be probed is listed with its reason and the number of cells', () => {
  const odd = describeCluster({
    pods: { 'a/one': { ports: [{ containerPort: 9, protocol: 'SCTP' }] }, 'a/two': {} },
    services: {
      'a/headless': { headless: true, ports: [port], endpoints: ['a/one'] },
      'a/name': { type: 'ExternalName', ports: [port], endpoints: [] },
      'a/out': { ports: [port], endpoints: ['192.0.2.1'] },
    },
  });
  const { cells, ignored } = liveCells(odd);
  assert.deepEqual(ignored, [
    {
      destination: { kind: 'service', key: 'a/headless' },
      why: 'a headless Service is only a name for its pods: TCP 80, TCP 64999, UDP 64999',
      cells: 6,
    },
    {
      destination: { kind: 'service', key: 'a/name' },
      why: 'an ExternalName is only a name: TCP 80, TCP 64999, UDP 64999',
      cells: 6,
    },
    {
      destination: { kind: 'service', key: 'a/out' },
      why: 'the Service leads out of the cluster, where nobody says what they saw: TCP 80, TCP 64999, UDP 64999',
      cells: 6,
    },
  ]);
  assert.ok(cells.every(({ destination }) => destination.kind === 'pod'));
  const toOne = cells.filter(({ source, destination }) => source === 'a/two' && destination.key === 'a/one');
  assert.deepEqual(
    toOne.map(({ protocol, port, verdict }) => `${protocol} ${port} ${verdict}`),
    ['SCTP 9 allowed', 'TCP 64999 refused', 'UDP 64999 refused', 'SCTP 64999 refused'],
  );
});
