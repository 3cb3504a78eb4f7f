import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignedSource } from '../../agent/addresses/assigned-source.ts';
import { createNodeConfigs, type NodeConfigs } from '../../agent/addresses/node-configs.ts';
import { createPodAddresses, type PodAddresses } from '../../agent/pods/pod-addresses.ts';
import { addressResources, keyOf, resources } from '../../api/resources.ts';
import type { NodeNetworkConfig, SubnetAllocation } from '../../api/types/address.ts';
import type { Pod } from '../../api/types/core.ts';
import { createFakeStore, type FakeStore } from '../../client/fake/store.ts';
import type { Client } from '../../client/port.ts';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import { silentLog } from '../../lib/log.ts';
import { ownAddressesOf } from '../../model/addressing/node-spec.ts';
import { subnetNode, subnetPod, virtualNetwork } from '../../model/addressing/fixtures.ts';
import { defaultNetworkConfig } from '../../model/network/config.ts';
import { createMortal, pass, stepMs } from '../../../test/support/mortal.ts';
import { randomFrom } from '../../../test/support/random.ts';
import { createControllers } from '../controllers.ts';

const configs = addressResources.nodenetworkconfigs;
const allocations = addressResources.subnetallocations;
const nodes = ['n1', 'n2', 'n3'];
/** 43 addresses for pods: less than three nodes' batches when they are busy. */
const subnets = { nodes: '10.0.0.0/24', pods: '10.0.1.0/26' };

const objectsOf = <T>(store: FakeStore, resource: Parameters<FakeStore['list']>[0]): T[] =>
  store.list(resource).items as unknown as T[];

/** A process that can die before any of its requests. */
interface Life {
  readonly client: Client;
  readonly isDead: () => boolean;
  end(): Promise<void>;
}

function mortalClient(store: FakeStore, diesAt: number): Pick<Life, 'client' | 'isDead'> {
  const { isDead, clientOf } = createMortal({ diesAt, check: () => requireOneOwner(store) });
  return { client: clientOf(store), isDead };
}

async function startControllers(store: FakeStore, clock: FakeClock, diesAt: number): Promise<Life> {
  const mortal = mortalClient(store, diesAt);
  const controllers = createControllers({
    client: mortal.client,
    clock,
    log: silentLog,
    config: { ...defaultNetworkConfig, model: 'azure-cni-dynamic', maxPodsPerNode: 30 },
    only: ['node-addresses'],
  });
  await controllers.start();
  return {
    ...mortal,
    async end() {
      await controllers.stop();
      await mortal.client.close();
    },
  };
}

/** What the agents do with the addresses of one node: pods that are bound there get one, and say so. */
interface Agent extends Life {
  /** One look at every pod. */
  work(): Promise<void>;
}

async function startAgent(
  store: FakeStore,
  clock: FakeClock,
  { node, diesAt }: { node: string; diesAt: number },
): Promise<Agent> {
  const mortal = mortalClient(store, diesAt);
  const { client } = mortal;
  const pods = (): Pod[] =>
    objectsOf<Pod>(store, resources.pods).filter(({ spec }) => spec.nodeName === node);
  const known: NodeConfigs = createNodeConfigs({ client, clientOf: () => client, clock, log: silentLog });
  await known.synced;
  const addresses: PodAddresses = createPodAddresses([assignedSource(node, known)], () => undefined);
  const running = new Map<string, readonly string[]>();
  const uidOf = ({ metadata }: Pod): string => metadata.uid ?? '';
  for (const pod of pods()) {
    const { podIP = '' } = pod.status ?? {};
    // The address of a pod that came while its node was replaced may be nobody's now: it gets another later.
    if (known.addressesOf(node).includes(podIP)) running.set(uidOf(pod), addresses.take(keyOf(pod), [podIP]));
  }
  known.join(node, {
    needs: () => ({
      demand: new Set([...running.keys(), ...pods().map(uidOf)]).size,
      isInUse: (address) => addresses.isTaken(address),
    }),
    onMore() {},
  });
  const bringUp = async (pod: Pod): Promise<void> => {
    const taken = addresses.take(keyOf(pod));
    running.set(uidOf(pod), taken);
    const [podIP] = taken;
    const body = { metadata: { uid: uidOf(pod) }, status: { phase: 'Running', podIP } };
    await client.patch(
      resources.pods,
      { namespace: 'shop', name: pod.metadata.name },
      { body, subresource: 'status' },
    );
  };
  return {
    ...mortal,
    async work() {
      const here = pods();
      const there = new Set(here.map(uidOf));
      for (const [uid, taken] of running) {
        if (there.has(uid)) continue;
        addresses.release(taken);
        running.delete(uid);
      }
      for (const pod of here) {
        if (running.has(uidOf(pod))) continue;
        // Exhausted, or the process died in between.
        await bringUp(pod).catch(() => {});
      }
      known.touch(node);
    },
    async end() {
      await known.stop();
      await client.close();
    },
  };
}

/** No two nodes may use the same address, and no two pods do. */
function requireOneOwner(store: FakeStore): void {
  const owners = new Map<string, string>();
  for (const config of objectsOf<NodeNetworkConfig>(store, configs)) {
    for (const address of ownAddressesOf(config)) {
      const { name } = config.metadata;
      assert.equal(owners.get(address), undefined, `${name} and ${owners.get(address)} have ${address}`);
      owners.set(address, name);
    }
  }
  const podsAt = new Map<string, string>();
  for (const pod of objectsOf<Pod>(store, resources.pods)) {
    const { podIP } = pod.status ?? {};
    if (podIP === undefined) continue;
    assert.equal(podsAt.get(podIP), undefined, `${keyOf(pod)} and ${podsAt.get(podIP)} have ${podIP}`);
    podsAt.set(podIP, keyOf(pod));
  }
}

/** A person changes something: pods come and go, and now and then a node. */
function disturb(store: FakeStore, random: (below: number) => number): void {
  const name = `p${random(60)}`;
  if (random(40) === 0) replaceNode(store, nodes[random(nodes.length)] ?? '');
  const isThere = store.get(resources.pods, { namespace: 'shop', name }) !== undefined;
  if (isThere) store.delete(resources.pods, { namespace: 'shop', name });
  else store.put(resources.pods, subnetPod(name, nodes[random(nodes.length)] ?? ''));
}

/** With its pods, as the controllers of a cluster see to. */
function replaceNode(store: FakeStore, name: string): void {
  for (const pod of objectsOf<Pod>(store, resources.pods)) {
    if (pod.spec.nodeName === name)
      store.delete(resources.pods, { namespace: 'shop', name: pod.metadata.name });
  }
  store.delete(resources.nodes, { name });
  store.put(resources.nodes, subnetNode(name, addressOfNode(name)));
}

const addressOfNode = (name: string): string => `10.0.0.${10 + nodes.indexOf(name)}`;

/** Every address that a node was given is its own to use or on the way back: none is lost. */
function requireNoLeaks(store: FakeStore): void {
  const uses = new Map(
    objectsOf<NodeNetworkConfig>(store, configs).map((config) => [config.metadata.uid, config]),
  );
  for (const { spec } of objectsOf<SubnetAllocation>(store, allocations)) {
    for (const { name, uid, version } of spec.nodes) {
      const config = uses.get(uid);
      assert.ok(config !== undefined, `${name} is gone and has a share`);
      assert.equal(config.status?.networkContainers?.[0]?.version, version, `${name} was not told`);
      assert.deepEqual(config.spec.ipsNotInUse ?? [], [], `${name} still gives something back`);
    }
  }
}

/** Nobody dies any more: everything that can be given is given, and nothing is lost. */
async function settleFor(store: FakeStore, clock: FakeClock): Promise<void> {
  const last = await startControllers(store, clock, Number.MAX_SAFE_INTEGER);
  const forever = { diesAt: Number.MAX_SAFE_INTEGER };
  const well = await Promise.all(nodes.map((node) => startAgent(store, clock, { node, ...forever })));
  for (let round = 0; round < 80; round++) {
    for (const agent of well) await agent.work();
    await pass(clock, 100);
  }
  for (const life of [last, ...well]) await life.end();
  requireOneOwner(store);
  requireNoLeaks(store);
  const waiting = objectsOf<Pod>(store, resources.pods).filter(({ status }) => status?.podIP === undefined);
  const there = objectsOf<Pod>(store, resources.pods).length;
  assert.equal(waiting.length, Math.max(0, there - 59), `${there} pods, ${waiting.map(keyOf).join()} wait`);
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`an address has one node and one pod, whoever dies when (seed ${seed})`, async () => {
    const random = randomFrom(seed);
    const clock = createFakeClock();
    const store = createFakeStore(() => clock.now());
    for (const name of nodes) store.put(resources.nodes, subnetNode(name, addressOfNode(name)));
    store.put(virtualNetwork.resource, virtualNetwork.named('default', subnets));
    // Two at a time: leases are not perfect.
    const controllers = [
      await startControllers(store, clock, random(12)),
      await startControllers(store, clock, random(12)),
    ];
    const agents: Agent[] = [];
    for (const node of nodes) agents.push(await startAgent(store, clock, { node, diesAt: random(30) }));
    for (let round = 0; round < 60; round++) {
      disturb(store, random);
      await pass(clock, random(12) * stepMs);
      for (const [index, life] of controllers.entries()) {
        if (!life.isDead()) continue;
        await life.end();
        controllers[index] = await startControllers(store, clock, random(12));
      }
      for (const [index, agent] of agents.entries()) {
        await agent.work();
        if (!agent.isDead()) continue;
        await agent.end();
        agents[index] = await startAgent(store, clock, { node: nodes[index] ?? '', diesAt: random(30) });
      }
      requireOneOwner(store);
    }
    for (const life of [...controllers, ...agents]) await life.end();
    await settleFor(store, clock);
  });
}
