/**
 * Pods with further interfaces (NetworkAttachmentDefinitions), on the segments of a lab.
 *
 *     node-1   camera, second     node-2   other
 *     node-1 Port3 -- cameras -- recorder (192.168.20.5)
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { layer2Resources, resources } from '../../src/api/resources.ts';
import { network, weftKind } from '../../src/analysis/testing/segment-objects.ts';
import { createFrames } from '../../src/kernel/frames/real.ts';
import { createPoller } from '../../src/kernel/poll/poller.ts';
import { networkStatusAnnotation } from '../../src/model/attachments/selection.ts';
import { virtualMachineNetns as vmNetns } from '../../src/model/fabric/network/machine-interfaces.ts';
import { decodeArp, encodeArp, noMac, type Arp } from '../../src/wire/ethernet/arp.ts';
import { broadcastMac, decodeFrame, encodeFrame, etherTypes } from '../../src/wire/ethernet/frame.ts';
import type { StandInAnswer } from '../../src/workload/port.ts';
import { killAgents } from '../differential/live/lab-state.ts';
import { cannotSendPackets, startLab, type TestLab } from '../support/lab.ts';
import { podWith } from './networks.ts';

interface Told {
  readonly name: string;
  readonly interface: string;
  readonly ips: readonly string[];
}

describe('further interfaces of pods', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  const world = [
    weftKind('Segment', 'cameras', {
      prefix: '192.168.20.0/24',
      dhcp: { range: '192.168.20.100-192.168.20.101' },
      pools: [{ name: 'pods', range: '192.168.20.50-192.168.20.59' }],
    }),
    weftKind('Segment', 'storage', { prefix: '192.168.60.0/24' }),
    weftKind('VirtualMachine', 'recorder', {
      interfaces: [{ name: 'eth0', segment: 'cameras', addresses: ['192.168.20.5'] }],
      ports: [{ port: 80 }],
    }),
    weftKind('VirtualMachine', 'node-1', {
      interfaces: [{ name: 'Port3', segment: 'cameras', addresses: ['192.168.20.11'] }],
    }),
    network('by-port', { type: 'macvlan', master: 'Port3', ipam: { type: 'weft', pool: 'pods' } }),
    network('leased', { type: 'bridge', bridge: 'cameras', ipam: { type: 'dhcp' } }),
    network(
      'storage',
      {
        plugins: [
          {
            type: 'bridge',
            ipam: {
              type: 'host-local',
              ranges: [
                [{ subnet: '192.168.60.0/24', rangeStart: '192.168.60.10', rangeEnd: '192.168.60.20' }],
              ],
              routes: [{ dst: '192.168.61.0/24', gw: '192.168.60.1' }],
            },
          },
        ],
      },
      'storage',
    ),
    podWith('node-1', 'camera', 'by-port, default/storage@data'),
    podWith('node-1', 'second', [{ name: 'storage', ips: ['192.168.60.77'], mac: '02:00:00:00:00:77' }]),
    podWith('node-2', 'other', 'storage'),
  ];

  before(async () => {
    lab = await startLab('networks', { nodes: 2 });
    await lab.apply(world);
  });
  after(() => lab?.down());

  const until = async (isSo: () => Promise<boolean>): Promise<void> => {
    while (!(await isSo())) await sleep(20);
  };
  const toldOf = async (name: string): Promise<Told[]> => {
    const { metadata } = await lab.pod(`default/${name}`);
    return JSON.parse(metadata.annotations?.[networkStatusAnnotation] ?? '[]') as Told[];
  };
  const ask = async (netns: string, target: string): Promise<StandInAnswer | undefined> =>
    (await lab.probe(netns, target)).answer;
  const inside = (name: string): Promise<string> => lab.netnsOf(`default/${name}`);
  const isPending = async (name: string): Promise<boolean> =>
    (await lab.pod(`default/${name}`)).status?.phase === 'Pending';
  const eventsOf = async (name: string): Promise<string> => {
    const { items } = await lab.connection.client.list(resources.events);
    return items
      .filter((one) => one.involvedObject.name === name)
      .map(({ message }) => message)
      .join('\n');
  };

  test('a pod’s status says which interfaces it has, with whose addresses', async () => {
    const told = await toldOf('camera');
    assert.deepEqual(
      told.map((one) => [one.name, one.interface, one.ips]),
      [
        ['weft', 'eth0', [(await lab.pod('default/camera')).status?.podIP]],
        ['default/by-port', 'net1', ['192.168.20.50']],
        ['default/storage', 'data', told[2]?.ips],
      ],
    );
    const [other] = (await toldOf('other')).slice(1);
    const ips = [...(told[2]?.ips ?? []), ...(other?.ips ?? [])];
    assert.deepEqual(ips.toSorted(), ['192.168.60.10', '192.168.60.11']);
  });

  test('machines of the segment are reached by the further interface, in both directions', async () => {
    assert.equal((await ask(await inside('camera'), '192.168.20.5:80'))?.source, '192.168.20.50');
    assert.equal((await ask(vmNetns('recorder'), '192.168.20.50:8080'))?.pod, 'default/camera');
  });

  test('pods of several nodes are on one segment, beside the cluster’s network', async () => {
    const [other = ''] = (await toldOf('other'))[1]?.ips ?? [];
    const [own = ''] = (await toldOf('camera'))[2]?.ips ?? [];
    assert.equal((await ask(await inside('camera'), `${other}:8080`))?.source, own);
    const { podIP = '' } = (await lab.pod('default/other')).status ?? {};
    assert.equal((await ask(await inside('camera'), `${podIP}:8080`))?.pod, 'default/other');
  });

  test('a segment hears of a pod’s addresses there, and of no others', async (t) => {
    const { podIP = '' } = (await lab.pod('default/camera')).status ?? {};
    const arp = listenToArp(vmNetns('recorder'));
    t.after(() => arp.close());
    // Answers come in the order of the requests: what was to be said about the first comes before the second's.
    arp.ask(podIP, '192.168.20.5');
    arp.ask('192.168.20.50', '192.168.20.5');
    await until(async () => arp.heard.some(({ operation }) => operation === 'reply'));
    // It asks with the segment's address, whatever address the packet has.
    await lab.probe(await inside('camera'), '192.168.20.99:80', { sourceAddress: podIP });
    await until(async () => arp.heard.some(({ targetAddress }) => targetAddress === '192.168.20.99'));
    assert.ok(!arp.heard.some(({ senderAddress }) => senderAddress === podIP));
  });

  test('a pod has the address that it asks for', async () => {
    assert.equal((await ask(await inside('other'), '192.168.60.77:8080'))?.pod, 'default/second');
  });

  test('a pod with an unknown network stays pending, says why, and starts when there is one', async () => {
    const late = podWith('node-2', 'late', 'missing');
    await lab.connection.client.create(resources.pods, late);
    await until(async () =>
      (await eventsOf('late')).includes('there is no NetworkAttachmentDefinition default/missing'),
    );
    assert.ok(await isPending('late'));
    await lab.connection.client.create(
      layer2Resources.networkattachmentdefinitions,
      network('missing', { type: 'bridge', bridge: 'cameras', ipam: { type: 'dhcp' } }),
    );
    await until(async () => !(await isPending('late')));
    assert.deepEqual((await toldOf('late'))[1]?.ips, ['192.168.20.100']);
  });

  test('an address is given again when its pod is gone, and not before', async () => {
    const { client } = lab.connection;
    for (const name of ['one', 'two']) await client.create(resources.pods, podWith('node-1', name, 'leased'));
    const states = async (): Promise<boolean[]> => [await isPending('one'), await isPending('two')];
    await until(
      async () =>
        (await eventsOf('one')).includes('1 is missing') || (await eventsOf('two')).includes('1 is missing'),
    );
    await until(async () => (await states()).includes(false));
    assert.equal((await states()).filter((waits) => waits).length, 1);
    await client.delete(resources.pods, { namespace: 'default', name: 'late' }, { graceSeconds: 0 });
    await until(async () => !(await states()).includes(true));
    const given = [...(await toldOf('one')).slice(1), ...(await toldOf('two')).slice(1)].flatMap(
      ({ ips }) => ips,
    );
    assert.deepEqual(given.toSorted(), ['192.168.20.100', '192.168.20.101']);
  });

  test('agents that start again leave the interfaces as they are', async () => {
    const before = await toldOf('camera');
    await killAgents(lab);
    assert.deepEqual(await toldOf('camera'), before);
    assert.equal((await ask(await inside('camera'), '192.168.20.5:80'))?.source, '192.168.20.50');
  });

  /** All ARP packets that come to a machine, which can ask as well. */
  function listenToArp(netns: string): {
    readonly heard: readonly Arp[];
    ask(address: string, senderAddress: string): void;
    close(): Promise<void>;
  } {
    const poller = createPoller();
    const heard: Arp[] = [];
    const onFrame = (frame: Uint8Array): void => {
      const arp = decodeArp(decodeFrame(frame)?.payload ?? frame);
      if (arp !== undefined) heard.push(arp);
    };
    const frames = createFrames({ namespaces: lab.namespaces, poller });
    const socket = frames.open(netns, 'eth0', { etherType: etherTypes.arp, onFrame });
    return {
      heard,
      ask(targetAddress, senderAddress) {
        const { mac: source } = socket;
        const ends = { senderMac: source, senderAddress, targetMac: noMac, targetAddress };
        const payload = encodeArp({ operation: 'request', ...ends });
        socket.send(encodeFrame({ destination: broadcastMac, source, etherType: etherTypes.arp, payload }));
      },
      async close() {
        socket.close();
        await poller.close();
      },
    };
  }
});
