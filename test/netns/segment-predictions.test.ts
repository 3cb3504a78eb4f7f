/**
 * Packets against their prediction, over segments: every cell of a table of who asks whom, with the source that is seen there.
 *
 *     internet -- router -- default -- node-1 -- Port3 cameras -- sensor-router -- sensors -- sensor
 *                   |          |                   |  |  |
 *            office, lab     node-2          recorder  |  net1 of viewer, guarded, passing, neighbour, asking
 *            desk, bench       |                      iot (internal switch on default) -- runtime
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { predict } from '../../src/analysis/predict/predict.ts';
import { rowsByName } from '../../src/analysis/testing/rows.ts';
import { machine, multiPolicy, network, weftKind } from '../../src/analysis/testing/segment-objects.ts';
import { resolveDestination, resolveSource } from '../../src/cli/endpoints/resolve.ts';
import { verdictOf } from '../../src/cli/live/measured.ts';
import { probeOf } from '../../src/cli/live/probe-of.ts';
import type { KubernetesObject } from '../../src/api/types/meta.ts';
import { resources } from '../../src/api/resources.ts';
import { readCluster } from '../../src/lab/cluster-of.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import { networkStatusAnnotation } from '../../src/model/attachments/selection.ts';
import { labAddresses, labNodeAddress } from '../../src/model/network/lab-addresses.ts';
import { hasPort } from '../../src/model/policy/port-set.ts';
import { expandManifests } from '../../src/model/workloads/expand.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { podWith } from './networks.ts';

const nodeRoute = (nextHop: string, metric: number): KubernetesObject =>
  weftKind('NodeRoute', `sensors-${metric}`, {
    interface: 'Port3',
    destination: '192.168.21.0/24',
    nextHop,
    metric,
  });
const onCameras = (routes: object[] = []): object => ({
  type: 'weft',
  segment: 'cameras',
  ipam: { type: 'weft', pool: 'pods', routes },
});

const world: readonly KubernetesObject[] = [
  weftKind('Segment', 'cameras', {
    prefix: '192.168.20.0/24',
    pools: [{ name: 'pods', range: '192.168.20.50-192.168.20.59' }],
  }),
  weftKind('Segment', 'sensors', { prefix: '192.168.21.0/24', gateway: '192.168.21.1' }),
  weftKind('Segment', 'office', {
    prefix: '192.168.30.0/24',
    gateway: '192.168.30.1',
    vlan: 20,
    dhcp: { range: '192.168.30.100-192.168.30.101' },
  }),
  weftKind('Segment', 'lab', { prefix: '192.168.40.0/24', gateway: '192.168.40.1', vlan: 30 }),
  weftKind('VirtualSwitch', 'iot', {
    type: 'internal',
    prefix: '10.77.0.0/24',
    dhcp: { range: '10.77.0.10-10.77.0.20' },
  }),
  machine('recorder', { name: 'eth0', segment: 'cameras', addresses: ['192.168.20.5'] }),
  machine('sensor', { name: 'eth0', segment: 'sensors', addresses: ['192.168.21.7'] }),
  machine(
    'sensor-router',
    { name: 'eth0', segment: 'cameras', addresses: ['192.168.20.1'], enableIPForwarding: true },
    { name: 'eth1', segment: 'sensors', addresses: ['192.168.21.1'], enableIPForwarding: true },
  ),
  machine('desk', { name: 'eth0', segment: 'office' }),
  machine('bench', { name: 'eth0', segment: 'lab', addresses: ['192.168.40.9'] }),
  machine('runtime', { name: 'eth0', virtualSwitch: 'iot' }),
  machine(
    'node-1',
    { name: 'Port2', segment: 'default' },
    { name: 'Port3', segment: 'cameras', addresses: ['192.168.20.11'] },
  ),
  nodeRoute('192.168.20.2', 200),
  nodeRoute('192.168.20.1', 100),
  network('cameras', onCameras()),
  network('routed', onCameras([{ dst: '192.168.21.0/24', gw: '192.168.20.1' }])),
  // They look for pods where they are not to be reached: behind the further interface of one, and on the segment itself.
  network('behind', onCameras([{ dst: '10.244.0.0/16', gw: '192.168.20.70' }])),
  network('here', onCameras([{ dst: '10.244.0.0/16' }])),
  podWith('node-2', 'neighbour', [{ name: 'behind', ips: ['192.168.20.73'] }]),
  podWith('node-2', 'asking', [{ name: 'here', ips: ['192.168.20.74'] }]),
  podOn('node-1', 'default/plain'),
  podOn('node-2', 'default/far'),
  podWith('node-1', 'viewer', [{ name: 'routed', ips: ['192.168.20.70'] }], { labels: { app: 'viewer' } }),
  podWith('node-2', 'guarded', [{ name: 'cameras', ips: ['192.168.20.71'] }], {
    labels: { app: 'guarded' },
    ports: [8080, 9090],
  }),
  podWith('node-1', 'passing', [{ name: 'cameras', ips: ['192.168.20.72'] }], { labels: { app: 'passing' } }),
  multiPolicy('guarded', 'cameras', {
    podSelector: { matchLabels: { app: 'guarded' } },
    ingress: [
      { from: [{ podSelector: { matchLabels: { app: 'passing' } } }], ports: [{ port: 8080 }] },
      { from: [{ ipBlock: { cidr: '192.168.20.5/32' } }], ports: [{ port: 9090 }] },
    ],
  }),
  multiPolicy('passing', 'cameras', {
    podSelector: { matchLabels: { app: 'passing' } },
    policyTypes: ['Egress'],
    egress: [{ to: [{ podSelector: {} }] }],
  }),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'far', namespace: 'default' },
    spec: {
      type: 'NodePort',
      selector: { name: 'far' },
      ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }],
    },
  } as KubernetesObject,
];

const sources = [
  ...['plain', 'far', 'viewer', 'guarded', 'passing', 'neighbour', 'asking'].map((name) => `default/${name}`),
  'node:node-1',
  'node:node-2',
  ...['recorder', 'sensor', 'desk', 'bench', 'runtime'].map((name) => `vm:${name}`),
  'internet',
];

describe('ways over segments', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let cluster: Cluster;
  let destinations: readonly string[];
  /** How rows of `reach` call those of the destinations that they are about. */
  let rowNames: ReadonlyMap<string, string>;

  before(async () => {
    lab = await startLab('ways', { nodes: 2 });
    await lab.apply(world);
    const net1 = async (name: string): Promise<string> => {
      const { metadata } = await lab.pod(`default/${name}`);
      const told = JSON.parse(metadata.annotations?.[networkStatusAnnotation] ?? '[]') as { ips: string[] }[];
      return told[1]?.ips[0] ?? assert.fail(name);
    };
    const eth0 = async (name: string): Promise<string> =>
      (await lab.pod(`default/${name}`)).status?.podIP ?? assert.fail(name);
    const [viewer, guarded] = [await net1('viewer'), await net1('guarded')];
    rowNames = new Map([
      ...['recorder', 'sensor', 'desk', 'bench', 'runtime'].map(
        (name) => [`vm:${name}:80`, `vm:${name}`] as const,
      ),
      [`${viewer}:8080`, 'default/viewer@net1'],
      [`${guarded}:8080`, 'default/guarded@net1'],
      [`${guarded}:9090`, 'default/guarded@net1'],
    ]);
    destinations = [
      ...['recorder', 'sensor', 'desk', 'bench', 'runtime'].map((name) => `vm:${name}:80`),
      'vm:recorder:81',
      `${viewer}:8080`,
      `${guarded}:8080`,
      `${guarded}:9090`,
      '192.168.20.99:80',
      '192.168.20.11:80',
      `${labNodeAddress(0)}:30080`,
      'svc:default/far:80',
      `${await eth0('far')}:8080`,
      `${await eth0('viewer')}:8080`,
      `${labAddresses.internet}:80`,
    ];
    cluster = await whenServed();
  });
  after(() => lab?.down());

  /** When every machine is plugged in and answers itself. */
  const whenServed = async (): Promise<Cluster> => {
    for (;;) {
      const now = await readCluster(lab.connection.client);
      const names = ['recorder', 'sensor', 'desk', 'bench', 'runtime', 'sensor-router'];
      const answers = names.map(async (name) => {
        const end = now.machines?.get(`vm:${name}`);
        if (end === undefined) return false;
        return (await lab.probe(end.netns, `${end.addresses[0]}:80`)).answer !== undefined;
      });
      if ((await Promise.all(answers)).every(Boolean)) return now;
    }
  };

  const predicted = (of: Cluster, source: string, destination: string): string => {
    const [from, to] = [resolveSource(of, source).all[0], resolveDestination(of, destination).all[0]];
    const { end, protocol, port } = to;
    const { verdict, outcomes } = predict(of, { source: from.end, destination: end, protocol, port });
    return cell(source, destination, verdict, outcomes[0]?.sourceSeen);
  };
  const cell = (...[source, destination, verdict, seen]: (string | undefined)[]): string =>
    `${source} -> ${destination}: ${verdict}${seen === undefined ? '' : ` as ${seen}`}`;

  test('every packet fares as predicted, and is seen as predicted', async () => {
    const prober = await lab.connection.prober();
    const measure = async (source: string, destination: string): Promise<string> => {
      const [from, to] = [
        resolveSource(cluster, source).all[0],
        resolveDestination(cluster, destination).all[0],
      ];
      const { end, protocol, port } = to;
      const probe = probeOf(cluster, { source: from.end, destination: end, protocol, port });
      const result = await prober.probe(probe, { timeoutMs: 600 });
      return cell(source, destination, verdictOf(result), result.answer?.source);
    };
    // Whether the internet reaches itself is nobody's question.
    const own = (source: string, destination: string): boolean =>
      source === 'internet' && destination.startsWith(labAddresses.internet);
    const pairs = sources.flatMap((source) =>
      destinations
        .filter((destination) => !own(source, destination))
        .map((destination) => [source, destination] as const),
    );
    const measured = await Promise.all(pairs.map(([source, destination]) => measure(source, destination)));
    const foreseen = pairs.map(([source, destination]) => predicted(cluster, source, destination));
    assert.deepEqual(measured, foreseen);
    assert.deepEqual(told(measured, pairs), told(rowsAsCells(pairs), pairs));
  });

  /** Of the pairs that `reach` has rows about: whether somebody is there. */
  const told = (cells: readonly string[], pairs: readonly (readonly [string, string])[]): string[] =>
    pairs.flatMap(([source, destination], index) => {
      const name = rowNames.get(destination);
      if (name === undefined || source.startsWith('node:') || name.startsWith(source)) return [];
      return [`${source} -> ${destination} ${/: (?:allowed|refused)/.test(cells[index] ?? '')}`];
    });

  const rowsAsCells = (pairs: readonly (readonly [string, string])[]): string[] => {
    const rows = rowsByName(cluster);
    return pairs.map(([source, destination]) => {
      const ports = rows.get(`${source} ${rowNames.get(destination)}`) ?? [];
      const isOpen = hasPort(ports, 'TCP', Number(destination.split(':').at(-1)));
      return cell(source, destination, isOpen ? 'allowed' : 'denied');
    });
  };

  test('manifests alone are foreseen as the lab that they make', async () => {
    const { items } = await lab.connection.client.list(resources.nodes);
    const manifests = expandManifests([...items, ...world], { config: cluster.config });
    const pods = [...cluster.pods].filter(([key]) => key.startsWith('default/'));
    const own = { ...manifests, pods: new Map([...manifests.pods, ...pods]) };
    for (const source of sources) {
      for (const destination of destinations.filter(
        (one) => one.startsWith('vm:') || one.startsWith('192.168.20.'),
      )) {
        assert.equal(predicted(own, source, destination), predicted(cluster, source, destination));
      }
    }
  });
});
