/**
 * Virtual networks with packets that no socket sends.
 *
 *     hub 10.0.0.0/16    one 10.0.1.0/24: a 10.0.1.4, b 10.0.1.5    two 10.0.2.0/24: nva 10.0.2.4 (forwards)
 *                        three 10.0.3.0/24: c 10.0.3.4, to which routes lead from nva to nva
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createFrames } from '../../src/kernel/frames/real.ts';
import type { Frames } from '../../src/kernel/frames/port.ts';
import type { Poller } from '../../src/kernel/poll/port.ts';
import { createPoller } from '../../src/kernel/poll/poller.ts';
import { decodeFrame, encodeFrame } from '../../src/wire/ethernet/frame.ts';
import { networkMac } from '../../src/plan/networks/cables.ts';
import { cannotSendPackets } from '../support/lab.ts';
import {
  createTestNetworks,
  fabricObject,
  machine,
  network,
  type TestNetworks,
} from '../support/networks.ts';
import { eventually } from './flow.ts';

/** Of IPv4. */
const etherType = 0x08_00;

const protocols = { ipInIp: 4, udp: 17, ipv6InIp: 41, gre: 47 } as const;

interface Ipv4 {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly ttl: number;
}

/** A header and 64 zeros (RFC 791, section 3.1): of whatever protocol, nobody here reads further. */
function encodeIpv4({ source, destination, protocol, ttl }: Ipv4): Uint8Array {
  const bytes = Buffer.alloc(84);
  bytes.writeUInt8(0x45, 0);
  bytes.writeUInt16BE(bytes.length, 2);
  bytes.writeUInt8(ttl, 8);
  bytes.writeUInt8(protocol, 9);
  bytes.set(source.split('.').map(Number), 12);
  bytes.set(destination.split('.').map(Number), 16);
  let sum = 0;
  for (let at = 0; at < 20; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  bytes.writeUInt16BE(~sum & 0xffff, 10);
  return bytes;
}

/** An address as four numbers with dots, from where it stands in a packet. */
const addressIn = (packet: Uint8Array, at: number): string => [...packet.subarray(at, at + 4)].join('.');

describe('packets that no socket sends, in a virtual network', { skip: cannotSendPackets }, () => {
  let net: TestNetworks;
  let poller: Poller;
  let frames: Frames;
  before(async () => {
    net = createTestNetworks();
    poller = createPoller();
    frames = createFrames({ namespaces: net.namespaces, poller });
    const table = fabricObject('RouteTable', 'circle', {
      routes: [
        { name: 'r', prefix: '10.0.3.0/24', nextHopType: 'VirtualAppliance', nextHopAddress: '10.0.2.4' },
      ],
    });
    const circling = { routeTable: 'circle' };
    await net.apply([
      table,
      network('hub', '10.0.0.0/16', {
        one: { name: 'one', prefix: '10.0.1.0/24', ...circling },
        two: { name: 'two', prefix: '10.0.2.0/24', ...circling },
        three: '10.0.3.0/24',
      }),
      machine('a', 'hub/one'),
      machine('b', 'hub/one'),
      machine('nva', 'hub/two', { enableIPForwarding: true }),
      machine('c', 'hub/three'),
    ]);
    assert.equal(await net.seen('vm:a', '10.0.1.5:80'), '10.0.1.4');
  });
  after(async () => {
    await poller?.close();
    await net?.close();
  });

  /** The IPv4 packets from `a` that come to a machine from now on, and how to send one from `a`. */
  const listenAt = (
    name: string,
  ): { heard: Uint8Array[]; send: (packet: Omit<Ipv4, 'source'>) => void; close: () => void } => {
    const heard: Uint8Array[] = [];
    const ear = frames.open(`vm-${name}`, 'eth0', {
      etherType,
      onFrame(bytes) {
        const payload = decodeFrame(bytes)?.payload;
        if (payload !== undefined && addressIn(payload, 12) === '10.0.1.4') heard.push(payload);
      },
    });
    const mouth = frames.open('vm-a', 'eth0', { etherType, onFrame() {} });
    return {
      heard,
      send(packet) {
        const payload = encodeIpv4({ source: '10.0.1.4', ...packet });
        assert.ok(
          mouth.send(encodeFrame({ destination: networkMac, source: mouth.mac, etherType, payload })),
        );
      },
      close() {
        ear.close();
        mouth.close();
      },
    };
  };

  test('tunnels of GRE and IP in IP end in the network, what comes after them arrives', async () => {
    const { heard, send, close } = listenAt('b');
    const { gre, ipInIp, ipv6InIp, udp } = protocols;
    for (const protocol of [gre, ipInIp, ipv6InIp, udp]) send({ destination: '10.0.1.5', protocol, ttl: 64 });
    await eventually('the datagram has come', () => heard.length > 0);
    assert.deepEqual(
      heard.map((packet) => packet[9]),
      [udp],
    );
    close();
  });

  test('there is no broadcast and no multicast, not even within a subnet', async () => {
    const [{ heard, send, close }, other] = [listenAt('b'), listenAt('nva')];
    const { udp } = protocols;
    for (const destination of ['255.255.255.255', '10.0.1.255', '224.0.0.1', '10.0.1.5', '10.0.2.4'])
      send({ destination, protocol: udp, ttl: 64 });
    await eventually('what is for each has come', () => heard.length > 0 && other.heard.length > 0);
    assert.deepEqual(
      [...heard, ...other.heard].map((packet) => addressIn(packet, 16)),
      ['10.0.1.5', '10.0.2.4'],
    );
    close();
    other.close();
  });

  test('a packet that appliances send in a circle passes as often as its TTL lets it, and no more', async () => {
    const { heard, send, close } = listenAt('nva');
    send({ destination: '10.0.3.4', protocol: protocols.udp, ttl: 64 });
    const ttls = (): number[] => heard.map((packet) => packet[8] ?? 0);
    await eventually('the packet has come for the last time', () => ttls().some((ttl) => ttl <= 2));
    // The network and the appliance take one each.
    assert.deepEqual(
      ttls(),
      Array.from({ length: ttls().length }, (_, round) => 63 - 2 * round),
    );
    close();
  });
});
