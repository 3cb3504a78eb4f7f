/** Nodes come without blocks and go, while processes that give out blocks die before any write, two of them at a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resources } from '../../api/resources.ts';
import type { Node } from '../../api/types/core.ts';
import { createFakeStore, type FakeStore } from '../../client/fake/store.ts';
import type { Client } from '../../client/port.ts';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import { silentLog } from '../../lib/log.ts';
import { podCidrsOf } from '../../model/network/places.ts';
import { defaultNetworkConfig } from '../../model/network/config.ts';
import { createMortal, pass, stepMs } from '../../../test/support/mortal.ts';
import { randomFrom } from '../../../test/support/random.ts';
import { createControllers, type Controllers } from '../controllers.ts';

/** Eight blocks, for ten nodes. */
const config = { ...defaultNetworkConfig, podCidrs: ['10.244.0.0/21', 'fd00:10:244::/56'] };
const [blocks, names] = [8, 10];

const nodesIn = (store: FakeStore): Node[] => store.list(resources.nodes).items as unknown as Node[];

/** No block is two nodes', and who has one of a family has one of the other. */
function requireOneOwner(store: FakeStore): void {
  const owners = new Map<string, string>();
  for (const node of nodesIn(store)) {
    const given = podCidrsOf(node);
    assert.ok(given.length === 0 || given.length === 2, given.join());
    for (const block of given) {
      const { name } = node.metadata;
      assert.equal(owners.get(block), undefined, `${block} is ${owners.get(block)}'s and ${name}'s`);
      owners.set(block, name);
    }
  }
}

interface Process {
  readonly controllers: Controllers;
  readonly client: Client;
  readonly isDead: () => boolean;
}

/** It dies before its write number `diesAt`. */
interface Life {
  readonly diesAt: number;
  /** What others do between two of its steps. */
  readonly meanwhile: () => void;
}

const forever: Life = { diesAt: Number.MAX_SAFE_INTEGER, meanwhile() {} };

async function start(store: FakeStore, clock: FakeClock, { diesAt, meanwhile }: Life): Promise<Process> {
  const check = (): void => {
    requireOneOwner(store);
    meanwhile();
  };
  const { isDead, clientOf } = createMortal({ diesAt, check, lags: true });
  const client = clientOf(store);
  const controllers = createControllers({ client, clock, log: silentLog, config, only: ['node-blocks'] });
  await controllers.start();
  return { controllers, client, isDead };
}

async function end({ controllers, client }: Process): Promise<void> {
  await controllers.stop();
  await client.close();
}

/** A node comes or goes, perhaps to come again at once under its name. */
function disturb(store: FakeStore, random: (below: number) => number): void {
  const name = `n${random(names)}`;
  const isThere = store.get(resources.nodes, { name }) !== undefined;
  if (isThere) store.delete(resources.nodes, { name });
  if (!isThere || random(2) === 0)
    store.put(resources.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } });
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`a block has one node, whoever dies when and however many run (seed ${seed})`, async () => {
    const random = randomFrom(seed);
    const clock = createFakeClock();
    const store = createFakeStore(() => clock.now());
    const meanwhile = (): void => {
      if (random(3) === 0) disturb(store, random);
    };
    const life = (): Life => ({ diesAt: random(10), meanwhile });
    const running = [await start(store, clock, life()), await start(store, clock, life())];
    for (let round = 0; round < 60; round++) {
      disturb(store, random);
      await pass(clock, random(12) * stepMs);
      for (const [index, process] of running.entries()) {
        if (!process.isDead()) continue;
        await end(process);
        running[index] = await start(store, clock, life());
      }
      requireOneOwner(store);
    }
    for (const process of running) await end(process);
    for (let n = 0; n < names; n++) {
      if (store.get(resources.nodes, { name: `n${n}` }) === undefined)
        store.put(resources.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: `n${n}` } });
    }
    const last = await start(store, clock, forever);
    await pass(clock, 5000);
    requireOneOwner(store);
    const without = (): string[] =>
      nodesIn(store).flatMap((node) => (podCidrsOf(node).length === 0 ? [node.metadata.name] : []));
    assert.equal(without().length, names - blocks, 'what was promised to nobody who is there is free again');
    for (const name of without()) store.delete(resources.nodes, { name });
    await pass(clock, 1000);
    assert.deepEqual(without(), []);
    await end(last);
  });
}
