/** Leases of DHCP clients beside the addresses of machines; processes die before any write. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fabricResources, layer2Resources } from '../../api/resources.ts';
import type { VirtualMachine } from '../../api/types/fabric.ts';
import type { Segment, SegmentAddress } from '../../api/types/layer2.ts';
import { createFakeStore, type FakeStore } from '../../client/fake/store.ts';
import type { Client } from '../../client/port.ts';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import { silentLog } from '../../lib/log.ts';
import { domainsOf, type AddressDomain } from '../../model/fabric/layer2/domains.ts';
import type { LeaseClient, Leases } from '../../model/fabric/layer2/leases.ts';
import { defaultNetworkConfig } from '../../model/network/config.ts';
import { macOf } from '../../model/network/places.ts';
import { createMortal, pass } from '../../../test/support/mortal.ts';
import { randomFrom } from '../../../test/support/random.ts';
import { createControllers, type Controllers } from '../controllers.ts';
import { createLeaseBook, type LeaseBook } from './leases.ts';

const apiVersion = 'weft.dev/v1alpha1';
const office: Segment = {
  apiVersion,
  kind: 'Segment',
  metadata: { name: 'office' },
  spec: {
    prefix: '192.0.2.0/24',
    dhcp: { range: '192.0.2.2-192.0.2.6', server: '192.0.2.2', leaseSeconds: 100 },
  },
};
const machineOf = (n: number): VirtualMachine => ({
  apiVersion,
  kind: 'VirtualMachine',
  metadata: { name: `vm-${n}` },
  spec: { interfaces: [{ name: 'eth0', segment: 'office' }] },
});
const clientOf = (n: number): LeaseClient => ({ mac: `02:00:5e:00:53:0${n}`, identifier: undefined });

interface World {
  readonly store: FakeStore;
  readonly clock: FakeClock;
}

function createWorld(): World {
  const clock = createFakeClock();
  const store = createFakeStore(() => clock.now());
  store.put(layer2Resources.segments, office);
  return { store, clock };
}

const domain = (): AddressDomain => domainsOf([office], []).segments.get('office') ?? assert.fail();
const claimsIn = ({ store }: World): SegmentAddress[] =>
  store.list(layer2Resources.segmentaddresses).items as unknown as SegmentAddress[];
const addressesOf = (world: World, kind: SegmentAddress['spec']['holder']['kind']): string[] =>
  claimsIn(world)
    .filter(({ spec }) => spec.holder.kind === kind)
    .map(({ spec }) => spec.address)
    .toSorted();

interface Generation {
  readonly book: LeaseBook;
  readonly leases: Leases;
  readonly controllers: Controllers;
  readonly client: Client;
  readonly isDead: () => boolean;
}

async function start(world: World, diesAt = Number.MAX_SAFE_INTEGER, lags = false): Promise<Generation> {
  const mortal = createMortal({ diesAt, check: () => {}, lags });
  const client = mortal.clientOf(world.store);
  const { clock } = world;
  const book = createLeaseBook({ client, clock, isReserved: () => false, log: silentLog });
  const config = defaultNetworkConfig;
  const controllers = createControllers({ client, clock, log: silentLog, config, only: ['segments'] });
  await Promise.all([controllers.start(), book.synced]);
  return { book, leases: book.in(domain()), controllers, client, isDead: mortal.isDead };
}

async function end({ book, controllers, client }: Generation): Promise<void> {
  book.stop();
  await controllers.stop();
  await client.close();
}

async function seconds({ clock }: World, count: number): Promise<void> {
  for (let past = 0; past < count; past++) {
    await clock.advance(995);
    await pass(clock, 5);
  }
}

test('a client has the lowest free address, goes on having it while it asks, and loses it when it does not', async () => {
  const world = createWorld();
  const running = await start(world);
  try {
    await pass(world.clock, 200);
    const { leases } = running;
    // The server has an address of the range itself.
    assert.deepEqual(await leases.offer(clientOf(1), undefined), { address: '192.0.2.3', seconds: 100 });
    assert.deepEqual(await leases.confirm(clientOf(1), '192.0.2.3'), { address: '192.0.2.3', seconds: 100 });
    assert.equal((await leases.offer(clientOf(2), '192.0.2.5'))?.address, '192.0.2.5');
    assert.equal((await leases.offer(clientOf(3), '192.0.2.3'))?.address, '192.0.2.4');
    assert.equal((await leases.offer(clientOf(4), '192.0.2.2'))?.address, '192.0.2.6');
    assert.equal(await leases.offer(clientOf(5), undefined), undefined);
    assert.equal(await leases.confirm(clientOf(5), '192.0.2.3'), undefined);
    await seconds(world, 62);
    assert.deepEqual(addressesOf(world, 'DHCPClient'), ['192.0.2.3'], 'offers that nobody took are over');
    await leases.confirm(clientOf(1), '192.0.2.3');
    await seconds(world, 90);
    assert.deepEqual(leases.of(clientOf(1)), { address: '192.0.2.3', seconds: 100 });
    await seconds(world, 15);
    assert.deepEqual([leases.of(clientOf(1)), addressesOf(world, 'DHCPClient')], [undefined, []]);
  } finally {
    await end(running);
  }
});

test('what is released is free at once, and what is declined is nobody’s for a while', async () => {
  const world = createWorld();
  const running = await start(world);
  try {
    await pass(world.clock, 200);
    const { leases } = running;
    await leases.offer(clientOf(1), undefined);
    await leases.release(clientOf(1), '192.0.2.4');
    assert.deepEqual(addressesOf(world, 'DHCPClient'), ['192.0.2.3'], 'only what it has');
    await leases.release(clientOf(1), '192.0.2.3');
    assert.deepEqual(addressesOf(world, 'DHCPClient'), []);
    await pass(world.clock, 20);
    await leases.offer(clientOf(1), undefined);
    await leases.decline(clientOf(1), '192.0.2.3');
    await pass(world.clock, 20);
    assert.equal((await leases.offer(clientOf(1), undefined))?.address, '192.0.2.4');
    await seconds(world, 105);
    assert.equal((await leases.offer(clientOf(1), undefined))?.address, '192.0.2.3');
  } finally {
    await end(running);
  }
});

test('a program in a machine is given the machine’s own address, and no other', async () => {
  const world = createWorld();
  world.store.create(fabricResources.virtualmachines, machineOf(1));
  const running = await start(world);
  try {
    await pass(world.clock, 200);
    const own = { mac: macOf('192.0.2.3'), identifier: '01ff' };
    assert.deepEqual(addressesOf(world, 'VirtualMachine'), ['192.0.2.3']);
    const lease = { address: '192.0.2.3', seconds: undefined };
    assert.deepEqual(await running.leases.offer(own, '192.0.2.5'), lease);
    assert.deepEqual(await running.leases.confirm(own, '192.0.2.3'), lease);
    assert.equal(await running.leases.confirm(own, '192.0.2.5'), undefined);
    assert.deepEqual(addressesOf(world, 'DHCPClient'), []);
  } finally {
    await end(running);
  }
});

for (const seed of [1, 2, 3, 4]) {
  test(`no address is two clients’ or a machine’s too, whenever a process dies (seed ${seed})`, async () => {
    const random = randomFrom(seed);
    const world = createWorld();
    const { store, clock } = world;
    /** Until when clients know that they have an address. */
    const known = new Map<string, { readonly client: number; readonly until: number }>();
    const requireOneOwner = (): void => {
      const machines = new Set(addressesOf(world, 'VirtualMachine'));
      for (const [address, { client, until }] of known) {
        if (until <= clock.now()) continue;
        assert.ok(!machines.has(address), `${address} is client ${client}’s and a machine’s`);
        const { holder } = claimsIn(world).find(({ spec }) => spec.address === address)?.spec ?? {};
        assert.equal(holder?.name, clientOf(client).mac, `${address} of client ${client}`);
      }
    };
    const act = async ({ leases }: Generation, n: number): Promise<void> => {
      const client = clientOf(n);
      const offer = await leases.offer(client, random(2) === 0 ? `192.0.2.${2 + random(6)}` : undefined);
      if (offer === undefined || random(3) === 0) return;
      const askedAt = clock.now();
      const lease = await leases.confirm(client, offer.address);
      if (lease?.seconds === undefined) return;
      known.set(lease.address, { client: n, until: askedAt + lease.seconds * 1000 });
      if (random(4) !== 0) return;
      known.delete(lease.address);
      await leases.release(client, lease.address);
    };
    let running = await start(world, random(12), true);
    for (let round = 0; round < 60; round++) {
      const { name } = machineOf(random(3)).metadata;
      if (store.get(fabricResources.virtualmachines, { name }) === undefined)
        store.create(fabricResources.virtualmachines, machineOf(Number(name.slice(3))));
      else if (random(3) === 0) store.delete(fabricResources.virtualmachines, { name });
      // A server answers one client after the other.
      const acts = async (): Promise<void> => {
        for (let some = random(4); some > 0; some--) await act(running, 1 + random(6)).catch(() => {});
      };
      const over = new AbortController();
      void acts().then(() => over.abort());
      while (!over.signal.aborted) await pass(clock, 5);
      await seconds(world, random(30));
      requireOneOwner();
      if (!running.isDead()) continue;
      await end(running);
      running = await start(world, random(30), true);
    }
    await end(running);
    const last = await start(world);
    await seconds(world, 105);
    await end(last);
    assert.deepEqual(addressesOf(world, 'DHCPClient'), []);
  });
}
