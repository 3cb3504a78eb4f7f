import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { NetworkPolicy } from '../../api/types/network.ts';
import { createFakeNftables } from '../../kernel/nft/fake.ts';
import type { FakeNftables } from '../../kernel/nft/fake.ts';
import { policySets, policyTables } from '../../plan/policy/skeleton.ts';
import { createEnforcedNode } from './testing/enforced-node.ts';

const labels = { one: { app: 'a', tier: 'x' }, two: { app: 'a', tier: 'y' }, three: { app: 'b' } } as const;
const pods = Object.entries(labels).map(([name, own], index) => ({
  key: `shop/${name}`,
  address: `10.244.0.${index + 1}`,
  labels: own,
}));

/** Lets some of the pods reach all of them at a port. */
const policy = (name: string, peer: Record<string, string>, port: number): NetworkPolicy => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace: 'shop' },
  spec: {
    podSelector: {},
    ingress: [{ from: [{ podSelector: { matchLabels: peer } }], ports: [{ port }] }],
  },
});
const [everyA, onlyB, onlyX] = [
  policy('every-a', { app: 'a' }, 80),
  policy('only-b', { app: 'b' }, 81),
  policy('only-x', { tier: 'x' }, 82),
];

describe('agents that start again', () => {
  let nft: FakeNftables;
  /** What a process writes that hears of policies in this order, one after the other; returns how much changed at first. */
  function run(policies: readonly NetworkPolicy[], { atOnce = false } = {}): number[] {
    const { model, enforcer, program } = createEnforcedNode(
      nft,
      new Map(pods.map(({ key, address }) => [key, address])),
    );
    for (const { key, labels: own } of pods) {
      model.setPod(key, { namespace: 'shop', labels: own, namedPorts: [] });
    }
    const add = (one: NetworkPolicy): void => model.setPolicy(`shop/${one.metadata.name}`, one);
    if (atOnce) policies.forEach(add);
    enforcer.start();
    const changed = atOnce
      ? [program()]
      : policies.map((one) => {
          add(one);
          return program();
        });
    enforcer.tidy();
    return changed;
  }

  /** What each pod's class is called, by its address. */
  const peers = (): Map<unknown, unknown> =>
    new Map(
      nft
        .elements('n', { ...policyTables.IPv4, set: 'peers' }, policySets.IPv4.peers)
        .map(({ key, value }) => [key[0], Array.isArray(value) ? value[0] : undefined]),
    );

  beforeEach(() => {
    nft = createFakeNftables();
  });

  test('change nothing where nothing changed, in whichever order they hear of it', () => {
    run([onlyX, onlyB, everyA]);
    assert.deepEqual(run([everyA, onlyB, onlyX], { atOnce: true }), [0]);
    assert.deepEqual(run([onlyB, onlyX, everyA], { atOnce: true }), [0]);
  });

  test('call the pods of a class that is two now what nobody was called, and all others what they were', () => {
    run([onlyB, everyA]);
    const before = peers();
    run([onlyX, everyA, onlyB], { atOnce: true });
    const changed = [...peers()].filter(([address, number]) => before.get(address) !== number);
    assert.deepEqual(new Set(changed.map(([address]) => address)), new Set(['10.244.0.1', '10.244.0.2']));
    for (const [, number] of changed) assert.ok(![...before.values()].includes(number));
  });
});
