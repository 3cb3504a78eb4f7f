/**
 * The layer-2 world around the nodes, with real packets. The lab's router is on `office` (VLAN 20) and `lab` (VLAN 30); a
 * machine of the user's leads from `cameras` to `sensors`; `edge` is an external switch of the nodes' segment, `iot` an
 * internal one.
 *
 *     node-1 -- default -- edge -- gateway-vm -- iot
 *     node-1 -- cameras -- sensor-router -- sensors -- sensor
 *     desk-a, desk-b -- office -- router -- lab -- bench
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fabricResources, layer2Resources, resources } from '../../src/api/resources.ts';
import type { VirtualMachine, VirtualMachineInterface } from '../../src/api/types/fabric.ts';
import type { Segment, VirtualSwitch } from '../../src/api/types/layer2.ts';
import type { KubernetesObject } from '../../src/api/types/meta.ts';
import type { Frames, FrameSocket } from '../../src/kernel/frames/port.ts';
import { createFrames } from '../../src/kernel/frames/real.ts';
import { createPoller } from '../../src/kernel/poll/poller.ts';
import type { Poller } from '../../src/kernel/poll/port.ts';
import { machineNetns, nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { virtualMachineNetns as vmNetns } from '../../src/model/fabric/network/machine-interfaces.ts';
import { labAddresses } from '../../src/model/network/lab-addresses.ts';
import type { ProbeResult } from '../../src/workload/port.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';

const apiVersion = 'weft.dev/v1alpha1';
const segment = (name: string, spec: NonNullable<Segment['spec']>): Segment => ({
  apiVersion,
  kind: 'Segment',
  metadata: { name },
  spec,
});
const switched = (name: string, spec: VirtualSwitch['spec']): VirtualSwitch => ({
  apiVersion,
  kind: 'VirtualSwitch',
  metadata: { name },
  spec,
});
const machine = (name: string, ...interfaces: VirtualMachineInterface[]): VirtualMachine => ({
  apiVersion,
  kind: 'VirtualMachine',
  metadata: { name },
  spec: { interfaces, ports: [{ port: 80 }, { port: 7, protocol: 'UDP' }] },
});

const world: readonly KubernetesObject[] = [
  segment('office', {
    prefix: '192.168.30.0/24',
    gateway: '192.168.30.1',
    vlan: 20,
    dhcp: { range: '192.168.30.100-192.168.30.101' },
  }),
  segment('annex', { prefix: '192.168.31.0/24', vlan: 20 }),
  segment('lab', { prefix: '192.168.40.0/24', gateway: '192.168.40.1', vlan: 30 }),
  segment('cameras', { prefix: '192.168.20.0/24' }),
  segment('sensors', { prefix: '192.168.21.0/24', gateway: '192.168.21.1' }),
  switched('edge', { type: 'external' }),
  switched('iot', { type: 'internal', prefix: '10.77.0.0/24', dhcp: { range: '10.77.0.10-10.77.0.20' } }),
  machine('desk-a', { name: 'eth0', segment: 'office' }),
  machine('desk-b', { name: 'eth0', segment: 'office' }),
  machine('annexed', { name: 'eth0', segment: 'annex', addresses: ['192.168.31.9'] }),
  machine('bench', { name: 'eth0', segment: 'lab', addresses: ['192.168.40.9'] }),
  machine('sensor', { name: 'eth0', segment: 'sensors', addresses: ['192.168.21.7'] }),
  machine(
    'sensor-router',
    { name: 'eth0', segment: 'cameras', addresses: ['192.168.20.1'], enableIPForwarding: true },
    { name: 'eth1', segment: 'sensors', addresses: ['192.168.21.1'], enableIPForwarding: true },
  ),
  machine('gateway-vm', { name: 'ext', virtualSwitch: 'edge' }, { name: 'int', virtualSwitch: 'iot' }),
  machine('runtime', { name: 'eth0', virtualSwitch: 'iot' }),
  machine(
    'node-1',
    { name: 'Port2', segment: 'default' },
    { name: 'Port3', segment: 'cameras', addresses: ['192.168.20.11'] },
  ),
];

describe('the layer-2 world of a lab', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let poller: Poller;
  let frames: Frames;
  /** For local experiments (IEEE 802). */
  const etherType = 0x88b6;
  const objects = [...world, podOn('node-1', 'default/client')];

  before(async () => {
    poller = createPoller();
    lab = await startLab('segments', { nodes: 2 });
    frames = createFrames({ namespaces: lab.namespaces, poller });
    await lab.apply(objects);
    for (const { metadata, kind } of world)
      if (kind === 'VirtualMachine' && metadata.name !== 'node-1') await answering(metadata.name);
  });
  after(async () => {
    await poller?.close();
    await lab?.down();
  });

  const until = async (isSo: () => Promise<boolean>): Promise<void> => {
    while (!(await isSo())) await sleep(20);
  };
  /** Addresses of each interface, as its status says. */
  const addressesOf = async (name: string): Promise<string[]> => {
    const vm = await lab.connection.client.get(fabricResources.virtualmachines, { name });
    return (vm?.status?.interfaces ?? []).flatMap(({ addresses }) => addresses);
  };
  const addressOf = async (name: string): Promise<string> =>
    (await addressesOf(name))[0] ?? assert.fail(name);
  const ask = (from: string, address: string): Promise<ProbeResult> => lab.probe(from, `${address}:80`);
  /** The machine's own stand-in answers it: it is plugged in and served. */
  const answering = async (name: string, from = vmNetns(name)): Promise<void> =>
    until(async () => {
      const [address] = await addressesOf(name);
      return address !== undefined && (await ask(from, address)).answer?.pod === `vm:${name}`;
    });

  test('machines without an address have one each of the DHCP range, written down', async () => {
    const given = [await addressOf('desk-a'), await addressOf('desk-b')];
    assert.deepEqual(given.toSorted(), ['192.168.30.100', '192.168.30.101']);
    const { items } = await lab.connection.client.list(layer2Resources.segmentaddresses);
    const holders = items
      .filter(({ spec }) => spec.domain === 'Segment/office')
      .map(({ spec }) => spec.holder.name);
    assert.deepEqual(holders.toSorted(), ['desk-a', 'desk-b']);
  });

  test('machines of one segment reach each other, as who they are', async () => {
    const { answer } = await ask(vmNetns('desk-a'), await addressOf('desk-b'));
    assert.equal(answer?.pod, 'vm:desk-b');
    assert.equal(answer.source, await addressOf('desk-a'));
  });

  test('segments of different VLANs reach each other by the router alone, which no broadcast passes', async () => {
    const { answer } = await ask(vmNetns('desk-a'), '192.168.40.9');
    assert.equal(answer?.source, await addressOf('desk-a'));
    const heard = await heardBroadcast('desk-a', ['desk-b', 'annexed', 'bench']);
    assert.deepEqual(heard, ['desk-b', 'annexed']);
  });

  test('a frame with the tag of another VLAN stays in that of the switch where it was sent', async () => {
    assert.deepEqual(await heardBroadcast('desk-a', ['desk-b', 'bench'], 30), ['desk-b']);
    assert.deepEqual(await heardBroadcast('desk-a', ['desk-b', 'bench'], 20), ['desk-b']);
  });

  test('a segment that comes into another VLAN takes its machines along, and back again', async () => {
    const client = lab.connection.client;
    const move = async (vlan: number): Promise<void> => {
      await client.patch(layer2Resources.segments, { name: 'annex' }, { body: { spec: { vlan } } });
    };
    const hearing = (wanted: string): Promise<void> =>
      until(async () => {
        // While the cable is plugged in elsewhere there is no interface.
        const heard = await heardAtOnce('annexed', ['bench', 'desk-b']).catch(() => []);
        return heard.join() === wanted;
      });
    await move(30);
    await hearing('bench');
    await answering('annexed');
    await move(20);
    await hearing('desk-b');
    await answering('annexed');
  });

  test('a segment without a gateway leads nowhere', async () => {
    assert.equal((await ask(vmNetns('annexed'), labAddresses.internet)).answer, undefined);
  });

  test('segments whose gateway is the router’s reach the nodes and the internet', async () => {
    assert.equal(
      (await ask(vmNetns('desk-a'), labAddresses.internet)).answer?.source,
      await addressOf('desk-a'),
    );
    assert.equal((await ask(nodeNetns('node-2'), '192.168.40.9')).answer?.pod, 'vm:bench');
  });

  test('a machine that forwards is the gateway of a segment, and the lab’s router is not', async () => {
    const { answer } = await ask(nodeNetns('node-1'), '192.168.20.1');
    assert.equal(answer?.source, '192.168.20.11');
    assert.equal((await ask(machineNetns.router, '192.168.21.7')).answer, undefined);
  });

  test('a machine on an external switch is on its uplink’s segment', async () => {
    const address = await addressOf('gateway-vm');
    assert.match(address, /^172\.20\.192\./);
    assert.equal((await ask(nodeNetns('node-2'), address)).answer?.pod, 'vm:gateway-vm');
  });

  test('what is behind an internal switch leaves as the host, and is not to be found from outside', async () => {
    const runtime = await addressOf('runtime');
    const { answer } = await ask(vmNetns('runtime'), labAddresses.internet);
    assert.match(answer?.source ?? '', /^172\.20\.192\./);
    const [, inside] = await addressesOf('gateway-vm');
    assert.equal((await ask(vmNetns('runtime'), inside ?? '')).answer?.source, runtime);
    assert.equal((await ask(nodeNetns('node-1'), runtime)).answer, undefined);
  });

  test('who finds the range empty is told how many are missing, and has the address that another gives back', async () => {
    const late = machine('desk-c', { name: 'eth0', segment: 'office' });
    await lab.apply([...objects, late]);
    const told = async (): Promise<string[]> => {
      const { items } = await lab.connection.client.list(resources.events);
      return items.filter((one) => one.involvedObject.name === 'desk-c').map((one) => one.message ?? '');
    };
    await until(async () => (await told()).length > 0);
    assert.match((await told()).join(), /Segment\/office has no address left .* 1 is missing/);
    const given = await addressOf('desk-a');
    await lab.apply([...objects.filter(({ metadata }) => metadata.name !== 'desk-a'), late]);
    await answering('desk-c');
    assert.equal(await addressOf('desk-c'), given);
    await lab.apply(objects);
    // Its namespace is another one than that which this process has open.
    await answering('desk-a', vmNetns('desk-b'));
  });

  test('an address that is somebody’s is nobody else’s, and the fabric does not plug it in twice', async () => {
    await lab.apply([
      ...objects,
      machine('thief', { name: 'eth0', segment: 'lab', addresses: ['192.168.40.9'] }),
    ]);
    const told = async (): Promise<boolean> => {
      const { items } = await lab.connection.client.list(resources.events);
      return items.some(
        (one) => one.message?.includes('192.168.40.9 of Segment/lab is VirtualMachine bench’s') ?? false,
      );
    };
    await until(told);
    assert.equal((await ask(vmNetns('desk-b'), '192.168.40.9')).answer?.pod, 'vm:bench');
    await lab.apply(objects);
  });

  test('a segment with addresses of Services is refused by the field', async () => {
    const wrong = segment('wrong', { prefix: '10.99.0.0/24' });
    const refusal: unknown = await lab.connection.client
      .create(layer2Resources.segments, wrong)
      .catch(String);
    assert.match(
      String(refusal),
      /spec\.prefix: .* must not overlap 10\.96\.0\.0\/12, the range of Services/,
    );
  });

  test('pods leave by the interface that the way leads by, with its address', async () => {
    const { answer } = await ask(await lab.netnsOf('default/client'), '192.168.20.1');
    assert.equal(answer?.source, '192.168.20.11');
  });

  /** Which of the machines heard a frame that one of them sent to everybody on its segment, maybe with a tag (IEEE 802.1Q). */
  function heardBroadcast(from: string, listeners: readonly string[], vlan?: number): Promise<string[]> {
    return heardAtOnce(from, listeners, {
      vlan,
      sent: (heard) => until(async () => heard.has(listeners[0] ?? '')),
    });
  }

  /** The same, whether the first of them did or not; `sent` may wait for something. */
  async function heardAtOnce(
    from: string,
    listeners: readonly string[],
    { vlan, sent }: { vlan?: number | undefined; sent?: (heard: ReadonlySet<string>) => Promise<void> } = {},
  ): Promise<string[]> {
    const heard = new Set<string>();
    const sockets: FrameSocket[] = [];
    const open = (name: string): FrameSocket => {
      const socket = frames.open(vmNetns(name), 'eth0', { etherType, onFrame: () => void heard.add(name) });
      sockets.push(socket);
      return socket;
    };
    try {
      listeners.forEach(open);
      const mouth = open(from);
      const tag = vlan === undefined ? '' : `8100${vlan.toString(16).padStart(4, '0')}`;
      const ends = `ffffffffffff${mouth.mac.replaceAll(':', '')}`;
      const header = Buffer.from(`${ends}${tag}${etherType.toString(16)}`, 'hex');
      mouth.send(Buffer.concat([header, Buffer.alloc(46)]));
      await sent?.(heard);
      // What was to come came with it: a bridge floods in one go.
      await sleep(50);
    } finally {
      for (const socket of sockets) socket.close();
    }
    return listeners.filter((name) => heard.has(name));
  }
});
