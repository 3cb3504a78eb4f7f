/** Two clusters of a lab whose nodes have addresses of one segment; processes die before any write. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fabricResources, layer2Resources, resources } from '../../api/resources.ts';
import type { Node } from '../../api/types/core.ts';
import type { VirtualMachine } from '../../api/types/fabric.ts';
import type { Segment, SegmentAddress } from '../../api/types/layer2.ts';
import { createFakeStore, type FakeStore } from '../../client/fake/store.ts';
import type { Client } from '../../client/port.ts';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import { silentLog } from '../../lib/log.ts';
import { parseRange } from '../../lib/prefix.ts';
import { isWithin, ownAddressOf } from '../../model/fabric/layer2/node-addresses.ts';
import { labNodeAddress } from '../../model/network/lab-addresses.ts';
import { defaultNetworkConfig } from '../../model/network/config.ts';
import { createMortal, pass, stepMs } from '../../../test/support/mortal.ts';
import { randomFrom } from '../../../test/support/random.ts';
import { createControllers, type Controllers } from '../controllers.ts';

const apiVersion = 'weft.dev/v1alpha1';
const nodesOfEach = 3;
/** As many as there are nodes, fewer, more, and one of a size with another. */
const ranges = ['172.20.50.1-172.20.50.6', '172.20.50.4-172.20.50.7', '172.20.51.1-172.20.51.9'];

const segmentWith = (range: string, nodeAddresses: 'Static' | 'DHCP'): Segment => ({
  apiVersion,
  kind: 'Segment',
  metadata: { name: 'default' },
  spec: { dhcp: { range }, pools: [{ name: 'nodes', range }], nodeAddresses },
});
const nodeOf = (index: number, cluster: number): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: `node-${index + 1}` },
  spec: { podCIDR: `10.244.${index}.0/24` },
  status: {
    addresses: [{ type: 'InternalIP', address: labNodeAddress(index, 'IPv4', cluster) }],
    conditions: [{ type: 'Ready', status: 'True' }],
  },
});
const machineOf = (n: number): VirtualMachine => ({
  apiVersion,
  kind: 'VirtualMachine',
  metadata: { name: `vm-${n}` },
  spec: { interfaces: [{ name: 'eth0', segment: 'default' }] },
});

/** The lab's clusters: in the first is the segment. */
interface World {
  readonly stores: readonly FakeStore[];
  readonly clock: FakeClock;
}

const nodesIn = (store: FakeStore): Node[] => store.list(resources.nodes).items as unknown as Node[];
const claimsIn = ({ stores: [first] }: World): SegmentAddress[] =>
  (first?.list(layer2Resources.segmentaddresses).items ?? []) as unknown as SegmentAddress[];
const addressOf = (node: Node): string => ownAddressOf(node, 'IPv4') ?? '';

/** No address is two nodes', and what a node has of the segment's ranges is written down as its own. */
function requireOneOwner(world: World): void {
  const claims = new Map(claimsIn(world).map(({ spec }) => [spec.address, spec.holder]));
  const owners = new Map<string, string>();
  for (const [index, store] of world.stores.entries()) {
    for (const node of nodesIn(store)) {
      const [address, name] = [addressOf(node), `${node.metadata.name} of ${index}`];
      assert.equal(owners.get(address), undefined, `${address} is ${name}'s, too`);
      owners.set(address, name);
      if (!ranges.some((range) => isIn(range, address))) continue;
      const { name: holder, cluster = '0' } = claims.get(address) ?? {};
      assert.equal(`${holder} of ${cluster}`, name, address);
    }
  }
}

function isIn(text: string, address: string): boolean {
  const range = parseRange(text);
  return range !== undefined && isWithin(range, address);
}

interface Generation {
  readonly controllers: Controllers;
  readonly clients: readonly Client[];
  readonly isDead: () => boolean;
}

/** The controllers of a cluster, which die before their write number `diesAt`. */
async function startGeneration(world: World, index: number, diesAt: number): Promise<Generation> {
  const { isDead, clientOf } = createMortal({ diesAt, check: () => requireOneOwner(world), lags: true });
  const clientAt = (at: number): Client => clientOf(world.stores[at] ?? assert.fail());
  const client = clientAt(index);
  const around = index === 0 ? undefined : { client: clientAt(0), cluster: String(index), ordinal: index };
  const controllers = createControllers({
    client,
    clock: world.clock,
    log: silentLog,
    config: defaultNetworkConfig,
    only: ['segments', 'segment-nodes'],
    ...(around && { around }),
  });
  await controllers.start();
  const clients = [client, ...(around === undefined ? [] : [around.client])];
  return { controllers, clients, isDead };
}

async function end({ controllers, clients }: Generation): Promise<void> {
  await controllers.stop();
  for (const client of clients) await client.close();
}

/** Some change that a person makes. */
function disturb({ stores: [first = assert.fail()] }: World, random: (below: number) => number): void {
  if (random(3) === 0) {
    const range = ranges[random(ranges.length)] ?? '';
    first.put(layer2Resources.segments, segmentWith(range, random(2) === 0 ? 'DHCP' : 'Static'));
    return;
  }
  const machine = machineOf(random(3));
  const { name } = machine.metadata;
  if (first.get(fabricResources.virtualmachines, { name }) === undefined)
    first.create(fabricResources.virtualmachines, machine);
  else first.delete(fabricResources.virtualmachines, { name });
}

for (const seed of [1, 2, 3, 4]) {
  test(`an address of a segment is one node's, whichever cluster it is of and whenever a process dies (seed ${seed})`, async () => {
    const random = randomFrom(seed);
    const clock = createFakeClock();
    const stores = [0, 1].map(() => createFakeStore(() => clock.now()));
    const world: World = { stores, clock };
    for (const [cluster, store] of stores.entries())
      for (let n = 0; n < nodesOfEach; n++) store.put(resources.nodes, nodeOf(n, cluster));
    disturb(world, () => 0);
    const running = [await startGeneration(world, 0, random(6)), await startGeneration(world, 1, random(6))];
    try {
      for (let round = 0; round < 40; round++) {
        disturb(world, random);
        await pass(clock, random(20) * random(20) * stepMs);
        for (const [index, generation] of running.entries()) {
          if (!generation.isDead()) continue;
          await end(generation);
          running[index] = await startGeneration(world, index, random(10));
        }
        requireOneOwner(world);
      }
    } finally {
      for (const generation of running) await end(generation);
    }
    // The last range has enough for everybody, the one before has not.
    const last = [0, 1].map((index) => startGeneration(world, index, Number.MAX_SAFE_INTEGER));
    const generations = await Promise.all(last);
    try {
      await settleOn(world, ranges[1] ?? '');
      assert.equal(waiting(world).length, 2 * nodesOfEach - 4 + machinesOf(world));
      await settleOn(world, ranges[2] ?? '');
      assert.deepEqual(waiting(world), []);
    } finally {
      for (const generation of generations) await end(generation);
    }
    requireNoLeak(world);
  });
}

/** Machines that have an address of the segment, beside the nodes. */
function machinesOf(world: World): number {
  return claimsIn(world).filter(({ spec }) => spec.holder.kind === 'VirtualMachine').length;
}

async function settleOn(world: World, range: string): Promise<void> {
  world.stores[0]?.put(layer2Resources.segments, segmentWith(range, 'Static'));
  await pass(world.clock, 15_000);
  requireOneOwner(world);
}

/** What nodes that wait are told. */
function waiting({ stores }: World): string[] {
  return stores.flatMap(nodesIn).flatMap(({ status }) => {
    const found = status?.conditions?.find(({ type }) => type === 'NetworkUnavailable');
    return found?.status === 'True' ? [found.message ?? ''] : [];
  });
}

/** Every node has one address, and every machine; nobody else has any. */
function requireNoLeak(world: World): void {
  const held = claimsIn(world)
    .map(({ spec: { holder, address } }) => `${holder.kind} ${holder.cluster ?? 0} ${holder.name} ${address}`)
    .filter((text) => text.startsWith('Node'));
  const used = world.stores.flatMap((store, cluster) =>
    nodesIn(store).map((node) => `Node ${cluster} ${node.metadata.name} ${addressOf(node)}`),
  );
  assert.deepEqual(held.toSorted(), used.toSorted());
}
