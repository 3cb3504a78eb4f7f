import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { networksAnnotation } from '../../model/attachments/selection.ts';
import { expandManifests } from '../../model/workloads/expand.ts';
import type { Prediction } from '../flow.ts';
import { machine, network, weftKind } from '../testing/segment-objects.ts';
import { predict } from './predict.ts';

const route = (nextHop: string, metric: number): KubernetesObject =>
  weftKind('NodeRoute', `r${metric}`, {
    interface: 'Port3',
    destination: '192.168.21.0/24',
    nextHop,
    metric,
  });
const routers = ['192.168.20.1', '192.168.20.2'].flatMap((address, index) => [
  machine(
    `router-${index}`,
    { name: 'eth0', segment: 'cameras', addresses: [address], enableIPForwarding: true },
    { name: 'eth1', segment: `sensors-${index}`, addresses: ['192.168.21.1'], enableIPForwarding: true },
  ),
  weftKind('Segment', `sensors-${index}`, { prefix: '192.168.21.0/24', gateway: '192.168.21.1' }),
  machine(`sensor-${index}`, {
    name: 'eth0',
    segment: `sensors-${index}`,
    addresses: ['192.168.21.7'],
  }),
]);
const world: readonly KubernetesObject[] = [
  weftKind('Segment', 'cameras', { prefix: '192.168.20.0/24' }),
  ...routers,
  machine('node-1', { name: 'Port3', segment: 'cameras', addresses: ['192.168.20.11'] }),
  network('cameras', {
    type: 'weft',
    segment: 'cameras',
    ipam: { type: 'static', routes: [{ dst: '192.168.21.0/24', gw: '192.168.20.2' }] },
  }),
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'viewer',
      annotations: {
        [networksAnnotation]: JSON.stringify([{ name: 'cameras', ips: ['192.168.20.50/24'] }]),
      },
    },
    spec: { nodeName: 'node-1', containers: [{ name: 'c', ports: [{ containerPort: 8080 }] }] },
  } as KubernetesObject,
];

const ask = (objects: readonly KubernetesObject[], source: 'node' | 'viewer', address: string): Prediction =>
  predict(
    expandManifests(objects),
    {
      source: source === 'node' ? { kind: 'node', name: 'node-1' } : { kind: 'pod', key: 'default/viewer' },
      destination: { kind: 'address', address },
      protocol: 'TCP',
      port: 80,
    },
    { sourceOf: ({ kind, key }, path) => ({ file: `${kind} ${key} ${path}`, line: 7 }) },
  );
const routesOf = ({ outcomes: [outcome] }: Prediction): string[] =>
  (outcome?.reasons ?? [])
    .filter(({ stage }) => stage === 'route')
    .map(({ object, rule, file, line }) => `${object}: ${rule} (${file}:${line})`);
const reachedBy = ({ outcomes: [outcome] }: Prediction): string | undefined => outcome?.path.at(-1)?.at;

test('of a node’s routes to one destination the lowest metric counts, and is named with what comes behind it', () => {
  const both = [...world, route('192.168.20.1', 200), route('192.168.20.2', 100)];
  const prediction = ask(both, 'node', '192.168.21.7');
  assert.equal(reachedBy(prediction), 'vm:sensor-1');
  assert.equal(prediction.outcomes[0]?.sourceSeen, '192.168.20.11');
  assert.equal(
    routesOf(prediction)[0],
    'NodeRoute r100: 192.168.21.0/24 by 192.168.20.2, Port3, metric 100, before r200 (200) (NodeRoute r100 spec.destination:7)',
  );
  assert.equal(reachedBy(ask([...world, route('192.168.20.1', 200)], 'node', '192.168.21.7')), 'vm:sensor-0');
  assert.equal(ask(world, 'node', '192.168.21.7').verdict, 'unreachable');
});

test('a pod sends by the interface that the longest prefix of its own routes leads to', () => {
  const prediction = ask([...world, route('192.168.20.1', 100)], 'viewer', '192.168.21.7');
  assert.equal(reachedBy(prediction), 'vm:sensor-1');
  assert.equal(prediction.outcomes[0]?.sourceSeen, '192.168.20.50');
  assert.match(
    routesOf(prediction)[0] ?? '',
    /^NetworkAttachmentDefinition default\/cameras: 192\.168\.21\.0\/24 by 192\.168\.20\.2, net1/,
  );
  // What no route of its own is about leaves by eth0.
  assert.equal(ask(world, 'viewer', '203.0.113.10').outcomes[0]?.sourceSeen, '172.20.1.1');
});

test('whom nobody has, and who does not forward, is told', () => {
  const why = (objects: readonly KubernetesObject[], address: string): string | undefined =>
    ask(objects, 'node', address).why;
  assert.match(why(world, '192.168.20.99') ?? '', /nobody there has the address 192\.168\.20\.99/);
  const deaf = [
    ...world.filter(({ metadata }) => metadata.name !== 'router-0'),
    machine('router-0', { name: 'eth0', segment: 'cameras', addresses: ['192.168.20.1'] }),
    route('192.168.20.1', 100),
  ];
  assert.match(why(deaf, '192.168.21.7') ?? '', /vm:router-0 is handed what is for .* and does not forward/);
});

test('an answer that finds no way back is told', () => {
  const blind = world.map((one) =>
    one.metadata.name === 'sensors-0' ? weftKind('Segment', 'sensors-0', { prefix: '192.168.21.0/24' }) : one,
  );
  const prediction = ask([...blind, route('192.168.20.1', 100)], 'node', '192.168.21.7');
  assert.match(prediction.why ?? '', /the answer is lost: vm:sensor-0 has no route to 192\.168\.20\.11/);
});

test('a pod takes nothing for the address of `eth0` by a further interface, and nobody hears that it has it', () => {
  const neighbour = (name: string, routes: object[]): KubernetesObject[] => [
    {
      apiVersion: 'k8s.cni.cncf.io/v1',
      kind: 'NetworkAttachmentDefinition',
      metadata: { name, namespace: 'default' },
      spec: {
        config: JSON.stringify({ type: 'weft', segment: 'cameras', ipam: { type: 'static', routes } }),
      },
    } as KubernetesObject,
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        annotations: { [networksAnnotation]: JSON.stringify([{ name, ips: ['192.168.20.60/24'] }]) },
      },
      spec: { nodeName: 'node-2', containers: [{ name: 'c' }] },
    } as KubernetesObject,
  ];
  const why = (routes: object[]): string => {
    const cluster = expandManifests([...world, ...neighbour('neighbour', routes)]);
    const address = cluster.pods.get('default/viewer')?.status?.podIP ?? assert.fail('no address');
    const { verdict, why: told } = predict(cluster, {
      source: { kind: 'pod', key: 'default/neighbour' },
      destination: { kind: 'address', address },
      protocol: 'TCP',
      port: 8080,
    });
    return `${verdict}: ${told?.replaceAll(address, 'it')}`;
  };
  const dst = '10.244.0.0/16';
  assert.equal(
    why([{ dst, gw: '192.168.20.50' }]),
    'unreachable: default/viewer has it on another interface, and takes nothing for it by this one',
  );
  assert.match(why([{ dst }]), /^unreachable: nobody there has the address it/);
  assert.match(why([]), /^allowed/);
});

test('who has a lease is there, and decides by itself', () => {
  const claim = weftKind('SegmentAddress', 'segment.cameras.192.168.20.90', {
    domain: 'Segment/cameras',
    address: '192.168.20.90',
    holder: { kind: 'DHCPClient', name: '02:00:5e:00:53:01', interface: 'dhcp' },
  });
  const node = weftKind('SegmentAddress', 'segment.cameras.192.168.20.11', {
    domain: 'Segment/cameras',
    address: '192.168.20.11',
    holder: { kind: 'VirtualMachine', name: 'node-1', interface: 'Port3' },
  });
  const reached = ask([...world, claim, node], 'node', '192.168.20.90');
  assert.equal(reached.verdict, 'allowed');
  assert.equal(reached.outcomes[0]?.path.at(-1)?.action, 'outside the cluster: whoever is there decides');
  assert.equal(ask([...world, node], 'node', '192.168.20.90').verdict, 'unreachable');
});
