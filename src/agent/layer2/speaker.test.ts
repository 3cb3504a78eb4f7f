import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeSegment, type FakeSegment } from '../../kernel/frames/fake.ts';
import { silentLog } from '../../lib/log.ts';
import { encodeArp, noMac } from '../../wire/ethernet/arp.ts';
import { broadcastMac, decodeFrame, encodeFrame, etherTypes } from '../../wire/ethernet/frame.ts';
import { electionOrder } from '../../model/load-balancer/layer2.ts';
import { probeFrame, readAddressMessages } from './messages.ts';
import { networkMac } from '../../plan/networks/cables.ts';
import { createSpeaker, type Speaker } from './speaker.ts';

const link = 'eth0';
const address = '192.0.2.5';
const tickMs = 50;

interface Host {
  readonly name: string;
  readonly cluster?: string;
  readonly mac: string;
}

/** Speakers on one segment, with a clock that only `pass` moves. */
class World {
  readonly segment: FakeSegment = createFakeSegment();
  readonly speakers = new Map<string, Speaker>();
  readonly conflicts: string[] = [];
  /** Who announced the address, in order. */
  readonly taken: string[] = [];
  #now = 0;

  add({ name, cluster = 'one', mac }: Host): void {
    this.segment.attach(name, link, mac);
    const speaker = createSpeaker({
      node: name,
      netns: name,
      link,
      frames: this.segment,
      cluster: () => cluster,
      now: () => this.#now,
      log: silentLog,
      onTaken: (taken) => this.taken.push(`${name} ${taken}`),
      onConflict: (conflict, of) => this.conflicts.push(`${name} ${conflict} ${of}`),
    });
    this.speakers.set(name, speaker);
  }

  /** These nodes may answer, in this order. */
  order(nodes: readonly string[], of: readonly string[] = [address]): void {
    const orders = new Map(of.map((one) => [one, nodes]));
    for (const node of nodes) this.speakers.get(node)?.set(orders);
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += tickMs) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#now += tickMs;
      for (const speaker of this.speakers.values()) speaker.tick();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Time in which nobody has his turn. */
  wait(ms: number): void {
    this.#now += ms;
  }

  holders(of = address): string[] {
    return [...this.speakers].filter(([, speaker]) => speaker.held().includes(of)).map(([name]) => name);
  }
}

const three: readonly Host[] = [1, 2, 3].map((n) => ({ name: `n${n}`, mac: `02:00:00:00:00:0${n}` }));
const names = three.map(({ name }) => name);

function worldOf(hosts: readonly Host[]): World {
  const world = new World();
  for (const host of hosts) world.add(host);
  return world;
}

/** What a machine of the segment is told when it asks who has the address. */
async function asked(world: World, of: string): Promise<string[]> {
  const mac = '02:00:00:00:00:99';
  const answers: string[] = [];
  world.segment.attach('client', link, mac);
  const client = world.segment.open('client', link, {
    etherType: etherTypes.arp,
    onFrame(frame) {
      for (const message of readAddressMessages(frame)) {
        if (message.kind === 'claim' && message.address === of) answers.push(message.mac);
      }
    },
  });
  const payload = encodeArp({
    operation: 'request',
    senderMac: mac,
    senderAddress: '192.0.2.250',
    targetMac: noMac,
    targetAddress: of,
  });
  client.send(encodeFrame({ destination: broadcastMac, source: mac, etherType: etherTypes.arp, payload }));
  await new Promise((resolve) => setImmediate(resolve));
  client.close();
  return answers;
}

test('the first of the order answers, after asking whether anybody has the address, and nobody else does', async () => {
  const world = worldOf(three);
  world.order(['n2', 'n1', 'n3']);
  assert.deepEqual(await asked(world, address), [], 'not before it has asked');
  await world.pass(1000);
  assert.deepEqual(world.holders(), ['n2']);
  assert.deepEqual(await asked(world, address), ['02:00:00:00:00:02']);
  assert.deepEqual(world.taken, ['n2 192.0.2.5']);
});

test('when a node is cut off the next one answers within a second, and gives way when the first is back', async () => {
  const world = worldOf(three);
  world.order(names);
  await world.pass(1000);
  world.segment.cut('n1', link);
  await world.pass(800);
  assert.deepEqual(await asked(world, address), ['02:00:00:00:00:02']);
  assert.deepEqual(world.holders(), ['n1', 'n2'], 'who is cut off cannot know');
  world.segment.cut('n1', link, false);
  await world.pass(300);
  assert.deepEqual(world.holders(), ['n1']);
  assert.deepEqual(await asked(world, address), ['02:00:00:00:00:01']);
});

test('who was believed meanwhile is contradicted when a node is back', async () => {
  for (const late of [0, 50, 100, 150]) {
    const world = worldOf(three);
    world.order(names);
    await world.pass(8000);
    world.segment.cut('n1', link);
    await world.pass(1000 + late);
    // Its heartbeats are due at other times from now on: before the other's, with them, or behind.
    const further = '192.0.2.6';
    world.speakers.get('n1')?.set(new Map([address, further].map((one) => [one, names])));
    await world.pass(1150);
    world.segment.cut('n1', link, false);
    const announced: string[] = [];
    world.segment.onSent((netns, frame) => {
      const isArp = decodeFrame(frame)?.etherType === etherTypes.arp;
      const said = isArp ? readAddressMessages(frame) : [];
      if (said.some((one) => one.kind === 'claim' && one.address === address)) announced.push(netns);
    });
    await world.pass(400);
    assert.ok(announced.includes('n1'), `${late} ms late: ${announced.join()}`);
  }
});

test('two nodes that die at once are followed by the third', async () => {
  const world = worldOf(three);
  world.order(names);
  await world.pass(1000);
  for (const name of ['n1', 'n2']) {
    world.speakers.get(name)?.close();
    world.speakers.delete(name);
  }
  await world.pass(1000);
  assert.deepEqual(world.holders(), ['n3']);
});

test('an address that is no longer to be announced is not answered for, and one that moves is, by its new node', async () => {
  const world = worldOf(three);
  world.order(names);
  await world.pass(1000);
  world.speakers.get('n1')?.set(new Map());
  world.order(['n3', 'n2']);
  await world.pass(300);
  assert.deepEqual(world.holders(), ['n3']);
  for (const speaker of world.speakers.values()) speaker.set(new Map());
  assert.deepEqual(await asked(world, address), []);
});

test('an address that another cluster announces is not taken, and is reported', async () => {
  const world = worldOf([...three, { name: 'other', cluster: 'two', mac: '02:00:00:00:01:01' }]);
  world.order(['other']);
  await world.pass(1000);
  world.order(names);
  await world.pass(1000);
  assert.deepEqual(world.holders(), ['other']);
  assert.equal(world.conflicts[0], 'n1 192.0.2.5 02:00:00:00:01:01');
  assert.deepEqual(await asked(world, address), ['02:00:00:00:01:01']);
});

/** The same nodes, so that each has a lower link-layer address than those before it. */
const reversed = three.map((host, i) => ({ ...host, mac: `02:00:00:00:00:0${9 - i}` }));

test('a node that is back at any moment does not take for a stranger whom it never heard', async () => {
  for (let delay = 600; delay <= 2000; delay += 50) {
    const world = worldOf(reversed);
    world.order(names);
    await world.pass(1000);
    world.segment.cut('n1', link);
    await world.pass(delay);
    world.segment.cut('n1', link, false);
    await world.pass(500);
    assert.deepEqual([world.conflicts, world.holders()], [[], ['n1']], `cut off for ${delay} ms`);
  }
});

test('a node that takes over at any moment from one that it never heard does not take it for a stranger', async () => {
  for (const hosts of [three, reversed]) {
    for (let delay = 0; delay <= 2000; delay += 50) {
      const world = worldOf(hosts);
      world.order(['n3']);
      await world.pass(delay);
      world.wait(tickMs / 2);
      for (const name of ['n2', 'n3']) world.speakers.get(name)?.set(new Map([[address, ['n2', 'n3']]]));
      await world.pass(1000);
      const what = `${hosts[0]?.mac} after ${delay} ms`;
      assert.deepEqual([world.conflicts, world.holders()], [[], ['n2']], what);
    }
  }
});

test('of two clusters that begin at the same moment exactly one takes the address', async () => {
  for (const mac of ['02:00:00:00:00:00', '02:00:00:00:01:01']) {
    for (const delay of [0, 50, 100, 150, 200, 250]) {
      const world = worldOf([...three, { name: 'other', cluster: 'two', mac }]);
      world.order(names);
      await world.pass(delay);
      world.order(['other']);
      await world.pass(2000);
      assert.equal(world.holders().length, 1, `${mac} after ${delay} ms: ${world.holders().join()}`);
      const losers = new Set(world.conflicts.map((conflict) => conflict.startsWith('other')));
      assert.equal(losers.size, 1, `${mac} after ${delay} ms: only one of them has to go`);
    }
  }
});

test('of two clusters whose segments become one exactly one keeps the address', async () => {
  const world = worldOf([...three, { name: 'other', cluster: 'two', mac: '02:00:00:00:00:00' }]);
  world.segment.cut('other', link);
  world.order(names);
  world.order(['other']);
  await world.pass(2000);
  assert.deepEqual(world.holders(), ['n1', 'other']);
  world.segment.cut('other', link, false);
  // Each hears of the other by the next announcement.
  await world.pass(62_000);
  assert.deepEqual(world.holders(), ['other']);
});

/** A machine that says, each time, that it has the address. */
function claimant(world: World, mac: string): () => void {
  world.segment.attach('machine', link, mac);
  const machine = world.segment.open('machine', link, { etherType: etherTypes.arp, onFrame: () => {} });
  const arp = { operation: 'reply', senderMac: mac, senderAddress: address } as const;
  const payload = encodeArp({ ...arp, targetMac: mac, targetAddress: address });
  const frame = encodeFrame({ destination: broadcastMac, source: mac, etherType: etherTypes.arp, payload });
  return () => machine.send(frame);
}

test('what a virtual network answers for everybody takes no address, however often it is heard', async () => {
  const world = worldOf(three);
  const claim = claimant(world, networkMac);
  world.order(names);
  for (let heard = 0; heard < 12; heard++) {
    claim();
    await world.pass(100);
  }
  assert.deepEqual([world.holders(), world.conflicts], [['n1'], []]);
});

test('a machine that takes the address while it is announced is contradicted once, and then left with it', async () => {
  const world = worldOf(three);
  world.order(names);
  await world.pass(1000);
  const claim = claimant(world, '02:00:00:00:07:07');
  claim();
  await world.pass(300);
  assert.deepEqual([world.holders(), world.conflicts], [['n1'], []]);
  await world.pass(1000);
  claim();
  await world.pass(300);
  assert.equal(world.conflicts.length, 1);
});

test('IPv6 is asked and answered by neighbour discovery', async () => {
  const [ipv6, world] = ['2001:db8::5', worldOf(three)];
  world.order(names, [ipv6]);
  await world.pass(1000);
  assert.deepEqual(world.holders(ipv6), ['n1']);
  const heard: string[] = [];
  const mac = '02:00:00:00:00:99';
  world.segment.attach('client', link, mac);
  const client = world.segment.open('client', link, {
    etherType: etherTypes.ipv6,
    onFrame: (frame) => heard.push(...readAddressMessages(frame).map(({ kind }) => kind)),
  });
  client.join('33:33:00:00:00:01');
  client.send(probeFrame(ipv6, mac));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(heard, ['claim'], 'who looks for a duplicate is told, as everybody');
});

test('a thousand addresses are told in as few frames as they take, and follow their nodes', async () => {
  const world = worldOf(three);
  const all = Array.from({ length: 1000 }, (_, i) => `198.18.${i >> 8}.${i & 255}`);
  const orders = new Map(all.map((one) => [one, electionOrder(one, names)]));
  for (const speaker of world.speakers.values()) speaker.set(orders);
  await world.pass(1000);
  const counts = names.map((name) => world.speakers.get(name)?.held().length ?? 0);
  assert.equal(counts[0]! + counts[1]! + counts[2]!, 1000);
  assert.ok(
    counts.every((count) => count > 250 && count < 420),
    counts.join(),
  );
  world.segment.cut('n1', link);
  await world.pass(1000);
  const live = ['n2', 'n3'].map((name) => world.speakers.get(name)?.held().length ?? 0);
  assert.equal(live[0]! + live[1]!, 1000);
});
