/**
 * Routes of the nodes' machines, as on a device whose Port 2 leads to the internet and whose Port 3 to cameras, with sensors
 * of one address behind two routers.
 *
 *     internet -- router -- Port2 node-1 Port3 -- cameras -- router-a -- sensors-a -- sensor-a (192.168.21.7)
 *                           Port2 node-2 Port3 --/       \-- router-b -- sensors-b -- sensor-b (192.168.21.7)
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fabricResources, layer2Resources } from '../../src/api/resources.ts';
import type { VirtualMachine, VirtualMachineInterface } from '../../src/api/types/fabric.ts';
import type { KubernetesObject } from '../../src/api/types/meta.ts';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import { getMetrics } from '../../src/lab/bundle/metrics.ts';
import { readProcessFile } from '../../src/lab/process-file.ts';
import { nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { labAddresses, labNodeAddress } from '../../src/model/network/lab-addresses.ts';
import type { StandInAnswer } from '../../src/workload/port.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { weft, type Ended } from '../support/weft.ts';
import { pinOf } from './processes.ts';

const apiVersion = 'weft.dev/v1alpha1';
const segment = (name: string, spec: object): KubernetesObject =>
  ({ apiVersion, kind: 'Segment', metadata: { name }, spec }) as KubernetesObject;
const machine = (name: string, ...interfaces: VirtualMachineInterface[]): KubernetesObject =>
  ({
    apiVersion,
    kind: 'VirtualMachine',
    metadata: { name },
    spec: { interfaces, ports: [{ port: 80 }] },
  }) as KubernetesObject;
const node = (name: string, last: number): KubernetesObject =>
  machine(
    name,
    { name: 'Port2', segment: 'default' },
    { name: 'Port3', segment: 'cameras', addresses: [`192.168.20.${last}`] },
    { name: 'Port4', segment: 'guests' },
  );
const behind = (letter: string, router: string): KubernetesObject[] => [
  segment(`sensors-${letter}`, { prefix: '192.168.21.0/24', gateway: '192.168.21.1' }),
  machine(
    `router-${letter}`,
    { name: 'eth0', segment: 'cameras', addresses: [router], enableIPForwarding: true },
    { name: 'eth1', segment: `sensors-${letter}`, addresses: ['192.168.21.1'], enableIPForwarding: true },
  ),
  machine(`sensor-${letter}`, { name: 'eth0', segment: `sensors-${letter}`, addresses: ['192.168.21.7'] }),
];

const sensor = '192.168.21.7:80';
const route = ['--interface', 'Port3', '--destination', '192.168.21.0/24'];

const missing = ['ip', 'nsenter'].filter((program) => spawnSync(program, ['--version']).error !== undefined);
const needsPrograms = missing.length > 0 ? `needs ${missing.join(', ')}` : false;

describe('routes of the nodes', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  const ports = [node('node-1', 11), node('node-2', 12)];
  const world = [
    segment('cameras', { prefix: '192.168.20.0/24' }),
    segment('guests', { prefix: '192.168.22.0/24', dhcp: { range: '192.168.22.10-192.168.22.20' } }),
    ...behind('a', '192.168.20.1'),
    ...behind('b', '192.168.20.2'),
    podOn('node-1', 'default/client'),
  ];

  before(async () => {
    lab = await startLab('noderoutes', { nodes: 2 });
    await lab.apply(world);
  });
  after(() => lab?.down());

  const until = async (isSo: () => Promise<boolean>): Promise<void> => {
    while (!(await isSo())) await sleep(20);
  };
  const ask = async (netns: string, target = sensor): Promise<StandInAnswer | undefined> =>
    (await lab.probe(netns, target)).answer;
  const onNode1 = nodeNetns('node-1');
  const answersAs = (name: string): Promise<void> =>
    until(async () => (await ask(onNode1))?.pod === `vm:${name}`);
  const byHand = (...words: string[]): string => {
    const args = [`--net=${pinOf(lab, onNode1)}`, 'ip', ...words];
    const { status, stdout, stderr } = spawnSync('nsenter', args, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const routes = (...words: string[]): Promise<Ended> => weft('route', ...words, '--name', lab.name);
  const problemsOf = async (): Promise<readonly unknown[] | undefined> => {
    const { items } = await lab.connection.client.list(layer2Resources.noderoutes);
    return items[0]?.status?.problems;
  };

  test('a route may be added before there is the interface, says so, and is taken when it is there', async () => {
    const { code, err } = await routes('add', ...route, '--next-hop', '192.168.20.1', '--metric', '100');
    assert.equal(code, 0, err);
    assert.match(err, /not on node-1 yet: there is no interface Port3/);
    await until(async () => (await problemsOf())?.length === 2);
    assert.equal(await ask(onNode1), undefined);
    await lab.apply([...world, ...ports]);
    await answersAs('sensor-a');
    await until(async () => (await problemsOf())?.length === 0);
  });

  test('sensors are reached by Port 3, from its address, and the rest by Port 2', async () => {
    for (const from of [onNode1, await lab.netnsOf('default/client')]) {
      assert.equal((await ask(from))?.source, '192.168.20.11');
      assert.equal((await ask(from, `${labAddresses.internet}:80`))?.source, labNodeAddress(0));
    }
    assert.equal((await ask(nodeNetns('node-2')))?.source, '192.168.20.12');
  });

  test('a machine that comes by its interface later has the route then, and the route says who has it', async () => {
    const { client } = lab.connection;
    const nodesWithIt = async (): Promise<readonly string[] | undefined> =>
      (await client.list(layer2Resources.noderoutes)).items[0]?.status?.nodes;
    await client.delete(fabricResources.virtualmachines, { name: 'node-2' });
    await until(async () => (await nodesWithIt())?.join() === 'node-1');
    assert.equal(await ask(nodeNetns('node-2')), undefined);
    await client.create(fabricResources.virtualmachines, node('node-2', 12) as VirtualMachine);
    await until(async () => (await nodesWithIt())?.join() === 'node-1,node-2');
    await until(async () => (await ask(nodeNetns('node-2')))?.source === '192.168.20.12');
  });

  test('of two routes to one destination the lower metric counts, and the other when it is gone', async () => {
    const behindB = [...route, '--next-hop', '192.168.20.2', '--metric', '50'];
    assert.equal((await routes('add', ...behindB, '--timeout', '60')).code, 0);
    // Who added it has waited for the kernel.
    assert.equal((await ask(onNode1))?.pod, 'vm:sensor-b');
    assert.equal((await ask(nodeNetns('node-2')))?.pod, 'vm:sensor-b');
    const twice = await routes('add', ...route, '--next-hop', '192.168.20.1', '--metric', '50');
    assert.equal(twice.code, 2);
    await lab.connection.client.delete(layer2Resources.noderoutes, { name: 'port3-192.168.21.0-24-50' });
    await answersAs('sensor-a');
  });

  test(
    'a route that somebody deletes by hand comes back, and is counted',
    { skip: needsPrograms },
    async () => {
      const repairs = async (): Promise<number> => {
        const text = await getMetrics(openLabs().control.paths(lab.name).metrics('control'));
        return Number(/^weft_repairs_total (\d+)$/m.exec(text ?? '')?.[1]);
      };
      const listed = (): string => byHand('route', 'show', '192.168.21.0/24', 'metric', '100');
      const [had, counted] = [listed(), await repairs()];
      assert.match(had, /via 192\.168\.20\.1 dev Port3/);
      byHand('route', 'del', '192.168.21.0/24', 'dev', 'Port3');
      await until(async () => listed() === had && (await repairs()) > counted);
      assert.equal((await ask(onNode1))?.pod, 'vm:sensor-a');
    },
  );

  test("a node's default route that somebody deletes comes back", { skip: needsPrograms }, async () => {
    const listed = (): string => byHand('route', 'show', 'default');
    const had = listed();
    byHand('route', 'del', 'default');
    await until(async () => listed() === had);
  });

  test('only routes that were added are listed', async () => {
    const { out } = await routes('get', '--interface', 'Port3');
    assert.deepEqual(
      out
        .trim()
        .split('\n')
        .map((line) => line.split(/\s+/)),
      [
        ['INTERFACE', 'DESTINATION', 'NEXT-HOP', 'METRIC', 'PROBLEM'],
        ['Port3', '192.168.21.0/24', '192.168.20.1', '100'],
      ],
    );
    assert.deepEqual(JSON.parse((await routes('get', '--interface', 'Port2', '-o', 'json')).out), []);
  });

  test('what no machine could take is refused with the reason', async () => {
    const refused = async (...words: string[]): Promise<string> => {
      const { code, err } = await routes('add', ...words, '--metric', '100');
      assert.equal(code, 2, err);
      return err;
    };
    const to = ['--destination', '192.168.23.0/24'];
    assert.match(
      await refused('--interface', 'Port2', ...to, '--next-hop', '172.20.0.9'),
      /Port2 has a gateway/,
    );
    assert.match(
      await refused('--interface', 'Port4', ...to, '--next-hop', '192.168.22.1'),
      /its address by DHCP/,
    );
    assert.match(
      await refused('--interface', 'Port3', ...to, '--next-hop', '192.168.22.1'),
      /is not on the segment/,
    );
    const itself = ['--interface', 'Port3', '--destination', '192.168.20.0/24', '--next-hop', '192.168.20.1'];
    assert.match(await refused(...itself), /--destination 192\.168\.21\.0\/24 --next-hop 192\.168\.20\.1/);
  });

  test('routes are there while and after processes of the lab are killed', async () => {
    const processes = readProcessFile(openLabs().control.paths(lab.name).processes);
    for (const role of ['control', 'agents'] as const) {
      const pid = processes[role]?.pid ?? assert.fail(role);
      process.kill(pid, 'SIGKILL');
      assert.equal((await ask(onNode1))?.pod, 'vm:sensor-a');
    }
    // A route that is added now tells that they are back.
    const back = [
      'add',
      '--interface',
      'Port3',
      '--destination',
      '192.168.24.0/24',
      '--next-hop',
      '192.168.20.1',
    ];
    let metric = 7;
    await until(async () => (await routes(...back, '--metric', String(metric++))).code === 0);
    assert.equal((await ask(onNode1))?.pod, 'vm:sensor-a');
  });

  test('a route that is removed is gone', async () => {
    assert.equal((await routes('remove', ...route)).code, 0);
    await until(async () => (await ask(onNode1)) === undefined);
    assert.equal((await routes('remove', ...route)).code, 1);
  });
});
