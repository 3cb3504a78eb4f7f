import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service, ServiceSpec } from '../../api/types/core.ts';
import type { Labels } from '../../api/types/meta.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/types/network.ts';
import { poolNamed } from '../load-balancer/fixtures.ts';
import { poolsOf } from '../load-balancer/pools.ts';
import { servicePortsOf } from './service-ports.ts';

function service(spec: ServiceSpec, labels: Labels = {}): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'a', name: 's', labels }, spec };
}

function slice(endpoints: Endpoint[], ports: EndpointPort[] = [{ port: 8080 }]): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'a', name: 's-1', labels: { 'kubernetes.io/service-name': 's' } },
    addressType: 'IPv4',
    endpoints,
    ports,
  };
}

const at = (address: string, conditions: Endpoint['conditions'] = {}): Endpoint => ({
  addresses: [address],
  conditions,
});
const clusterIP = { clusterIP: '10.96.0.1', ports: [{ port: 80 }] };
const terminating = { ready: false, terminating: true };

const chosen: [slices: EndpointSlice[], addresses: string[], rule: string][] = [
  [[], [], 'a Service without slices has nobody'],
  [
    [slice([at('10.0.0.2'), at('10.0.0.1', { ready: true })])],
    ['10.0.0.1', '10.0.0.2'],
    'ready unless said otherwise, sorted',
  ],
  [[slice([at('10.0.0.1'), at('10.0.0.2', { ready: false })])], ['10.0.0.1'], 'not ready is left out'],
  [[slice([at('10.0.0.1', { ready: false })])], [], 'also when nobody else is there'],
  [
    [
      slice([
        at('10.0.0.1', { ...terminating, serving: true }),
        at('10.0.0.2', { ...terminating, serving: false }),
      ]),
    ],
    ['10.0.0.1'],
    'serving while terminating is the last resort (KEP-1669)',
  ],
  [
    [slice([at('10.0.0.1', { ...terminating, serving: true }), at('10.0.0.2')])],
    ['10.0.0.2'],
    'ready comes first',
  ],
  [
    [slice([at('10.0.0.1', { ready: false, serving: true })])],
    [],
    'serving without terminating is not ready',
  ],
  [
    [slice([at('10.0.0.2')]), slice([at('10.0.0.1'), at('10.0.0.2')])],
    ['10.0.0.1', '10.0.0.2'],
    'slices are merged without duplicates',
  ],
  [
    [slice([at('10.0.0.1', { ready: false })]), slice([at('10.0.0.1')])],
    ['10.0.0.1'],
    'the better of two states of one endpoint counts',
  ],
  [[slice([at('10.0.0.1')]), slice([at('10.0.0.1', { ready: false })])], ['10.0.0.1'], 'in whichever order'],
  [
    [slice([{ addresses: ['10.0.0.1', '10.0.0.9'] }])],
    ['10.0.0.1'],
    'only the first address of an endpoint is used',
  ],
  [[slice([{ addresses: [] }])], [], 'an endpoint without address is nobody'],
  [[slice([at('10.0.0.1')], [{ name: 'other', port: 8080 }])], [], 'a port of another name is another port'],
  [
    [slice([at('10.0.0.1')], [{ port: 8080, protocol: 'UDP' }])],
    [],
    'a port of another protocol is another port',
  ],
  [[slice([at('10.0.0.1')], [{}])], [], 'a slice that does not say the number is of no use'],
  [[{ ...slice([at('example.org')]), addressType: 'FQDN' }], [], 'names are no endpoints'],
];

for (const [slices, addresses, rule] of chosen) {
  test(`endpoints: ${rule}`, () => {
    const [port] = servicePortsOf(service(clusterIP), slices);
    assert.deepEqual(
      port?.endpoints.map(({ address }) => address),
      addresses,
    );
  });
}

test('each port has its own endpoints, by name, with the numbers that each slice gives them', () => {
  const two = service({
    clusterIP: '10.96.0.1',
    ports: [
      { name: 'web', port: 80 },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
  });
  const ports = servicePortsOf(two, [
    slice(
      [at('10.0.0.1')],
      [
        { name: 'web', port: 8080 },
        { name: 'dns', port: 5353, protocol: 'UDP' },
      ],
    ),
    slice([at('10.0.0.2')], [{ name: 'web', port: 9090 }]),
  ]);
  assert.deepEqual(
    ports.map(({ key, portName, protocol, endpoints }) => [
      key,
      portName,
      protocol,
      ...endpoints.map(({ address, port }) => `${address}:${port}`),
    ]),
    [
      ['a/s:TCP/80', 'web', 'TCP', '10.0.0.1:8080', '10.0.0.2:9090'],
      ['a/s:UDP/53', 'dns', 'UDP', '10.0.0.1:5353'],
    ],
  );
});

test('an endpoint names its node, and its pod when it is one', () => {
  const endpoints = [
    { addresses: ['10.0.0.1'], nodeName: 'n', targetRef: { kind: 'Pod', namespace: 'a', name: 'p' } },
    { addresses: ['10.0.0.2'], targetRef: { kind: 'Node', name: 'n' } },
  ];
  const [port] = servicePortsOf(service(clusterIP), [slice(endpoints)]);
  assert.deepEqual(port?.endpoints, [
    { address: '10.0.0.1', port: 8080, nodeName: 'n', pod: 'a/p' },
    { address: '10.0.0.2', port: 8080, nodeName: undefined, pod: undefined },
  ]);
});

const nodePorts: [ServiceSpec['type'], number | undefined, string][] = [
  ['NodePort', 30001, 'a NodePort has it'],
  ['LoadBalancer', 30001, 'a LoadBalancer keeps it'],
  ['ClusterIP', undefined, 'a ClusterIP has none'],
];
for (const [type, expected, rule] of nodePorts) {
  test(`node port: ${rule}`, () => {
    const spec = {
      type: type ?? 'ClusterIP',
      clusterIP: '10.96.0.1',
      ports: [{ port: 80, nodePort: 30001 }],
    };
    assert.equal(servicePortsOf(service(spec), [])[0]?.nodePort, expected);
  });
}

const nothing: [Service, string][] = [
  [service({ ...clusterIP, clusterIP: 'None', clusterIPs: ['None'] }), 'a headless Service'],
  [service({ type: 'ExternalName', externalName: 'example.org', ports: [{ port: 80 }] }), 'an ExternalName'],
  [service({ ports: [{ port: 80 }] }), 'a Service without an address yet'],
  [service({ ...clusterIP, clusterIP: '' }), 'a Service with an empty address'],
  [service(clusterIP, { 'service.kubernetes.io/service-proxy-name': 'other' }), 'a Service of another proxy'],
];
for (const [one, rule] of nothing) {
  test(`nothing to translate: ${rule}`, () =>
    assert.deepEqual(servicePortsOf(one, [slice([at('10.0.0.1')])]), []));
}

test('a dual-stack Service has each port once per family, with endpoints of that family only', () => {
  const dual = service({ ...clusterIP, clusterIPs: ['10.96.0.1', 'FD00::1'] });
  const six: EndpointSlice = { ...slice([at('fd00::0:a')]), addressType: 'IPv6' };
  const names = { ...slice([at('example.org')]), addressType: 'FQDN' as const };
  assert.deepEqual(
    servicePortsOf(dual, [slice([at('10.0.0.1')]), six, names]).map(
      ({ key, family, clusterIPs, endpoints }) => [
        key,
        family,
        clusterIPs,
        endpoints.map((it) => it.address),
      ],
    ),
    [
      ['a/s:TCP/80', 'IPv4', ['10.96.0.1'], ['10.0.0.1']],
      ['a/s:TCP/80 IPv6', 'IPv6', ['fd00::1'], ['fd00::a']],
    ],
  );
});

test('a Service of one family has nobody behind it in the other', () => {
  const six: EndpointSlice = { ...slice([at('fd00::a')]), addressType: 'IPv6' };
  assert.deepEqual(
    servicePortsOf(service(clusterIP), [six]).map(({ family, endpoints }) => [family, endpoints]),
    [['IPv4', []]],
  );
});

test('only what the cluster itself gave, from a pool, is an address at which all other ports are rejected', () => {
  const { pools } = poolsOf([poolNamed('public', ['198.51.100.0/24'])]);
  const ingress = [
    { ip: '198.51.100.1' },
    { ip: '198.51.100.2', ipMode: 'Proxy' as const },
    { ip: '192.0.2.1' },
  ];
  const pooledOf = (spec: ServiceSpec): readonly string[] | undefined => {
    const balanced = {
      ...service({ ...clusterIP, type: 'LoadBalancer', ...spec }),
      status: { loadBalancer: { ingress } },
    };
    return servicePortsOf(balanced, [], { pools })[0]?.pooledAddresses;
  };
  assert.deepEqual(pooledOf({}), ['198.51.100.1']);
  assert.deepEqual(pooledOf({ loadBalancerClass: 'example.org/other' }), []);
  assert.deepEqual(pooledOf({ type: 'ClusterIP' }), []);
});
