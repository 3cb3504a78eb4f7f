/**
 * Random Services of every kind in the tables of a node, each question sent as a packet, and what the node did with it held
 * to what the documentation says: see `services/expectation.ts`.
 *
 *     WEFT_SERVICES_WORLDS=200    how many sets of Services for each of the settings, in each family; 16 when absent
 *     WEFT_SERVICES_SEED=17       where the numbers begin
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createServiceProxy, type ServiceProxy } from '../../src/agent/services/service-proxy.ts';
import { families } from '../../src/lib/address.ts';
import { masqueradeOf } from '../../src/model/network/masquerade.ts';
import { createServiceModel } from '../../src/model/services/service-model.ts';
import { createServicePlanner } from '../../src/plan/services/elements.ts';
import { randomOf } from '../support/random.ts';
import { cannotSendPackets } from '../support/lab.ts';
import { expect, type OracleWorld } from './services/expectation.ts';
import { randomQuestion, randomWorld } from './services/generate.ts';
import { createDraws, differs, strays } from './services/judge.ts';
import { createNodeNetwork, type NodeNetwork } from './services/network.ts';
import { plans, type AddressPlan } from './services/plan.ts';

const worlds = Number(process.env['WEFT_SERVICES_WORLDS'] ?? 16);
const seed = Number(process.env['WEFT_SERVICES_SEED'] ?? 20_261);
const questionsPerWorld = 45;
/** How often each is asked: the first answer of many is drawn. */
const draws = 3;
const patienceMs = 1_000;

const settings = [
  { masqueradeAll: false, ignoresExternalIPs: false },
  { masqueradeAll: true, ignoresExternalIPs: false },
  { masqueradeAll: false, ignoresExternalIPs: true },
];

for (const family of families) {
  describe(`what a node does for Services in ${family}`, { skip: cannotSendPackets }, () => {
    const plan = plans[family];
    let network: NodeNetwork;
    before(() => {
      network = createNodeNetwork(plan, {
        name: 'node-1',
        address: plan.node(1),
        tunnelAddress: plan.tunnel(1),
      });
    });
    after(() => network?.close());

    for (const [index, setting] of settings.entries()) {
      test(`is what Kubernetes says, with ${JSON.stringify(setting)}`, async (context) => {
        const random = randomOf(seed + index);
        const compiled = compile(plan, network, setting);
        const tally = { kinds: new Map<string, number>(), drawn: createDraws() };
        for (let number = 0; number < worlds; number++) {
          const world = randomWorld(random, plan, setting);
          compiled.load(world);
          const questions = Array.from({ length: questionsPerWorld }, () =>
            randomQuestion(random, plan, world),
          );
          const asked = questions.flatMap((question) => Array.from({ length: draws }, () => question));
          const observed = await network.ask(asked);
          const clients = new Map<string, string>();
          for (const [at, question] of asked.entries()) {
            const expected = expect(world, question);
            tally.kinds.set(expected.kind, (tally.kinds.get(expected.kind) ?? 0) + 1);
            let found = observed[at] ?? assert.fail();
            if (differs(world, question, { expected, found }) !== undefined) {
              // It may only be late. What is wrong stays wrong.
              found = (await network.ask([question], patienceMs))[0] ?? assert.fail();
            }
            const answer = { expected, found };
            const complaint = differs(world, question, answer) ?? strays(clients, question, answer);
            const replay = `seed ${seed + index}, world ${number}, of ${family}`;
            if (complaint !== undefined) {
              const details = [question, world].map((value) => JSON.stringify(value, undefined, 1));
              assert.fail([complaint, replay, ...details].join('\n'));
            }
            tally.drawn.add(`${number} ${question.source}`, expected, found);
          }
        }
        compiled.unload();
        assert.deepEqual(tally.drawn.neverChosen(), [], 'backends that nobody was ever sent to');
        context.diagnostic(
          `${worlds * questionsPerWorld * draws} packets: ${[...tally.kinds].map(([kind, count]) => `${count} ${kind}`).join(', ')}`,
        );
      });
    }
  });
}

/** The tables of the node, changed from one world to the next as agents do. */
function compile(
  plan: AddressPlan,
  { nft, netns }: NodeNetwork,
  { masqueradeAll, ignoresExternalIPs }: Pick<OracleWorld, 'masqueradeAll' | 'ignoresExternalIPs'>,
): { load(world: OracleWorld): void; unload(): void } {
  const model = createServiceModel({ externalIPs: ignoresExternalIPs ? 'Ignore' : 'Allow' });
  let node: OracleWorld['node'] | undefined;
  const proxy: ServiceProxy = createServiceProxy({
    nft,
    netns,
    node: {
      nodeAddress: plan.node(1),
      linkAddresses: [{ link: 'vxlan.calico', address: plan.tunnel(1) }],
      masquerade: masqueradeOf(
        { config: { model: 'calico', podCidrs: [plan.podRange] }, networkSpace: [] },
        plan.family,
      ),
      serviceCidr: plan.serviceRange,
      masqueradeAll,
      tunnels: [],
    },
    chooser: () => ({ name: 'node-1', zone: node?.zone, addresses: [plan.node(1)] }),
    planner: createServicePlanner(),
    nodePortAddresses: () => [plan.node(1)],
  });
  proxy.start();
  const known = { services: new Set<string>(), slices: new Set<string>() };
  const keyOf = ({ metadata }: { metadata: { namespace?: string; name: string } }): string =>
    `${metadata.namespace}/${metadata.name}`;
  return {
    load(world) {
      const before = known.services;
      ({ node } = world);
      for (const key of known.slices) model.setEndpointSlice(key, undefined);
      for (const key of known.services) model.setService(key, undefined);
      for (const service of world.services) model.setService(keyOf(service), service);
      for (const slice of world.slices) model.setEndpointSlice(keyOf(slice), slice);
      known.services = new Set(world.services.map(keyOf));
      known.slices = new Set(world.slices.map(keyOf));
      // The node may be in another zone now: it chooses anew for all.
      const ports = [...before.union(known.services)].map((key) => [key, model.portsOf(key)] as const);
      if (before.size === 0) proxy.setAll(new Map(ports));
      else for (const [key, own] of ports) proxy.set(key, own);
      model.takeChanges();
      proxy.commit();
      assert.equal(proxy.repair(), 0, 'the kernel holds something else');
    },
    unload: () => proxy.cleanup(),
  };
}
