/**
 * DHCP on the wire. `office` has a server at 192.168.30.2, `quiet` has none; the pod `guest` has interfaces on both without any
 * address.
 *
 *     desk, guest -- office -- server          guest -- quiet -- bench
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { network, weftKind } from '../../src/analysis/testing/segment-objects.ts';
import { layer2Resources } from '../../src/api/resources.ts';
import type { SegmentAddress } from '../../src/api/types/layer2.ts';
import type { Frames } from '../../src/kernel/frames/port.ts';
import { createFrames } from '../../src/kernel/frames/real.ts';
import { createPoller } from '../../src/kernel/poll/poller.ts';
import type { Poller } from '../../src/kernel/poll/port.ts';
import { createRouteNetlink } from '../../src/kernel/route/real.ts';
import { virtualMachineNetns as vmNetns } from '../../src/model/fabric/network/machine-interfaces.ts';
import { broadcastMac, decodeFrame, encodeFrame, etherTypes } from '../../src/wire/ethernet/frame.ts';
import { decodePacket } from '../../src/wire/packet.ts';
import { encodeUdp } from '../../src/wire/udp.ts';
import {
  addressOf,
  clientMessage,
  serverMessage,
  type ClientMessage,
  type ServerMessage,
} from '../support/dhcp-client.ts';
import { cannotSendPackets, startLab, type TestLab } from '../support/lab.ts';
import { podWith } from './networks.ts';
import { killRole } from './processes.ts';

const types = { discover: 1, offer: 2, request: 3, acknowledge: 5, refuse: 6, release: 7 } as const;
const server = '192.168.30.2';
const busybox = 'busybox';
const hasClient = spawnSync(busybox, ['udhcpc', '--help']).stderr?.includes('udhcpc') ?? false;

/** A client that speaks by itself, past the stack of its namespace. */
interface Client {
  readonly mac: string;
  readonly heard: readonly ServerMessage[];
  /** Asks until somebody answers it. */
  ask(message: Omit<ClientMessage, 'mac' | 'transaction'>): Promise<ServerMessage>;
  say(message: Omit<ClientMessage, 'mac'>): void;
  close(): void;
}

describe('DHCP on a segment', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let poller: Poller;
  let frames: Frames;
  let guest: string;

  before(async () => {
    poller = createPoller();
    lab = await startLab('dhcp', { nodes: 1 });
    frames = createFrames({ namespaces: lab.namespaces, poller });
    const plug = (name: string): ReturnType<typeof network> => network(name, { type: 'weft', segment: name });
    await lab.apply([
      weftKind('Segment', 'office', {
        prefix: '192.168.30.0/24',
        gateway: '192.168.30.1',
        dhcp: { range: '192.168.30.100-192.168.30.109', server, leaseSeconds: 600 },
      }),
      weftKind('Segment', 'quiet', {
        prefix: '192.168.31.0/24',
        dhcp: { range: '192.168.31.100-192.168.31.109' },
      }),
      weftKind('VirtualMachine', 'desk', {
        interfaces: [{ name: 'eth0', segment: 'office' }],
        ports: [{ port: 80 }],
      }),
      weftKind('VirtualMachine', 'bench', { interfaces: [{ name: 'eth0', segment: 'quiet' }] }),
      plug('office'),
      plug('quiet'),
      podWith('node-1', 'guest', 'office, quiet'),
    ]);
    guest = await lab.netnsOf('default/guest');
  });
  after(async () => {
    await poller?.close();
    await lab?.down();
  });

  const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await isSo())) await sleep(20);
  };
  const clients = async (): Promise<SegmentAddress[]> => {
    const { items } = await lab.connection.client.list(layer2Resources.segmentaddresses);
    return items.filter(({ spec }) => spec.holder.kind === 'DHCPClient');
  };

  let transaction = 1;
  function open(netns: string, link: string, called?: string): Client {
    const heard: ServerMessage[] = [];
    const socket = frames.open(netns, link, {
      etherType: etherTypes.ipv4,
      onFrame(frame) {
        const packet = decodeFrame(frame)?.payload ?? frame;
        if (decodePacket(packet)?.destinationPort === 68) heard.push(serverMessage(packet.subarray(28)));
      },
    });
    const mac = called ?? socket.mac;
    const say = (message: Omit<ClientMessage, 'mac'>): void => {
      const payload = encodeUdp({
        source: message.ciaddr ?? '0.0.0.0',
        destination: '255.255.255.255',
        sourcePort: 68,
        destinationPort: 67,
        data: clientMessage({ ...message, mac }),
      });
      const ends = { destination: broadcastMac, source: socket.mac };
      socket.send(encodeFrame({ ...ends, etherType: etherTypes.ipv4, payload }));
    };
    return {
      mac,
      heard,
      say,
      async ask(message) {
        const own = ++transaction;
        for (;;) {
          say({ ...message, transaction: own });
          for (let waits = 0; waits < 25; waits++) {
            await sleep(20);
            const answer = heard.find((one) => one.transaction === own);
            if (answer !== undefined) return answer;
          }
        }
      },
      close: () => socket.close(),
    };
  }

  const take = async (client: Client): Promise<ServerMessage> => {
    const offer = await client.ask({ type: types.discover, isBroadcast: true });
    assert.equal(offer.type, types.offer);
    const chosen = { 50: addressOf(offer.yiaddr), 54: addressOf(server) };
    return client.ask({ type: types.request, isBroadcast: true, options: chosen });
  };

  test('who asks on the segment is given a lease, which is written down, and reaches others with it', async (t) => {
    const client = open(guest, 'net1');
    t.after(() => client.close());
    const given = await take(client);
    assert.equal(given.type, types.acknowledge);
    assert.deepEqual([given.server, given.lease], [server, 600]);
    assert.deepEqual([...(given.options.get(1) ?? [])], [255, 255, 255, 0]);
    assert.deepEqual([...(given.options.get(3) ?? [])], [192, 168, 30, 1]);
    const [claim] = await clients();
    assert.deepEqual(
      [claim?.spec.domain, claim?.spec.address, claim?.spec.holder.name],
      ['Segment/office', given.yiaddr, client.mac],
    );
    assert.match(claim?.status?.leaseEnds ?? '', /^20.*Z$/);
    const address = { link: 'net1', address: `${given.yiaddr}/24` };
    const route = createRouteNetlink({ namespaces: lab.namespaces });
    assert.deepEqual(route.apply(guest, [{ action: 'add-address', address }]), []);
    const desk = claimsOf(await lab.connection.client.list(layer2Resources.segmentaddresses), 'desk');
    const { answer } = await lab.probe(guest, `${desk}:80`);
    assert.deepEqual([answer?.pod, answer?.source], ['vm:desk', given.yiaddr]);
  });

  test('a program in a machine is given what the machine has, for ever', async (t) => {
    const client = open(vmNetns('desk'), 'eth0');
    t.after(() => client.close());
    const given = await take(client);
    const desk = claimsOf(await lab.connection.client.list(layer2Resources.segmentaddresses), 'desk');
    assert.deepEqual([given.yiaddr, given.lease], [desk, 0xffff_ffff]);
  });

  test('each client has an address of its own, and one that it does not have is refused', async (t) => {
    const [one, other] = [open(guest, 'net1', '02:00:5e:00:53:01'), open(guest, 'net1', '02:00:5e:00:53:02')];
    t.after(() => one.close());
    t.after(() => other.close());
    const [first, second] = [await take(one), await take(other)];
    assert.notEqual(first.yiaddr, second.yiaddr);
    const wrong = { 50: addressOf(first.yiaddr), 54: addressOf(server) };
    const refused = await other.ask({ type: types.request, isBroadcast: true, options: wrong });
    assert.deepEqual([refused.type, refused.yiaddr], [types.refuse, '0.0.0.0']);
    other.say({
      type: types.release,
      transaction: 9,
      ciaddr: second.yiaddr,
      options: { 54: addressOf(server) },
    });
    await until(async () => !(await clients()).some(({ spec }) => spec.address === second.yiaddr));
  });

  test('nobody answers on a segment without a server, nor hears those of another', async (t) => {
    const [here, there, bench] = [open(guest, 'net1'), open(guest, 'net2'), open(vmNetns('bench'), 'eth0')];
    for (const client of [here, there, bench]) t.after(() => client.close());
    there.say({ type: types.discover, transaction: 1, isBroadcast: true });
    const offer = await here.ask({ type: types.discover, isBroadcast: true });
    assert.equal(offer.type, types.offer);
    assert.deepEqual([there.heard, bench.heard], [[], []]);
  });

  test('a lease is still its client’s after the server was killed', async (t) => {
    const client = open(guest, 'net1', '02:00:5e:00:53:03');
    t.after(() => client.close());
    const { yiaddr } = await take(client);
    await killRole(lab, 'control');
    const back = await client.ask({
      type: types.request,
      isBroadcast: true,
      options: { 50: addressOf(yiaddr) },
    });
    assert.deepEqual([back.type, back.yiaddr], [types.acknowledge, yiaddr]);
  });

  test('busybox’s udhcpc is given a lease', { skip: hasClient ? false : 'needs busybox with udhcpc' }, () => {
    const directory = mkdtempSync(join(tmpdir(), 'weft-udhcpc-'));
    try {
      const script = join(directory, 'told');
      writeFileSync(script, '#!/bin/sh\necho "$1 $ip/$mask $router $lease $serverid"\n');
      chmodSync(script, 0o700);
      const weft = join(import.meta.dirname, '../../weft');
      const udhcpc = [busybox, 'udhcpc', '-i', 'net1', '-n', '-q', '-f', '-s', script];
      const { stdout } = spawnSync(weft, ['exec', '--name', lab.name, 'default/guest', '--', ...udhcpc], {
        encoding: 'utf8',
      });
      assert.match(stdout, /^bound 192\.168\.30\.10\d\/24 192\.168\.30\.1 600 192\.168\.30\.2$/m);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

/** The address of a machine. */
function claimsOf({ items }: { readonly items: readonly SegmentAddress[] }, machine: string): string {
  const found = items.find(
    ({ spec }) => spec.holder.kind === 'VirtualMachine' && spec.holder.name === machine,
  );
  return found?.spec.address ?? assert.fail(machine);
}
