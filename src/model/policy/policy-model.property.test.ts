import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseAddress } from '../../lib/address.ts';
import { permits } from './permits.ts';
import { createPolicyModel } from './policy-model.ts';
import type { DirectionPolicy, PolicyModel } from './port.ts';
import { formatPorts, hasPort } from './port-set.ts';
import { addressesOf, applyToModel, nodeFacts } from './testing/apply-to-model.ts';
import { changes, type Change } from './testing/arbitraries.ts';
import { isAllowedNaively } from './testing/naive.ts';
import { applyChange, emptyWorld, type Packet, type World } from './testing/naive-world.ts';
import { portsInVerdicts, rowKey, type Verdicts } from './rows.ts';

const podKeys = ['a', 'b', 'c'].flatMap((namespace) =>
  ['1', '2', '3', '4'].map((name) => `${namespace}/${name}`),
);
const addressOf = (podKey: string): string => `10.244.0.${podKeys.indexOf(podKey) + 1}`;
const outsiders = ['192.0.2.7', '198.51.100.1', '10.9.9.9', '2001:db8::1'];

/** What a model and the plain world are after a history, with everything read after every change. */
function live(history: readonly Change[]): { model: PolicyModel; world: World } {
  const world = emptyWorld();
  const model = createPolicyModel();
  for (const change of history) {
    applyChange(world, change);
    applyToModel(model, change);
    for (const key of podKeys) model.policyOf(key);
  }
  return { model, world };
}

function fromScratch(world: World): PolicyModel {
  const model = createPolicyModel();
  for (const [name, labels] of world.namespaces) model.setNamespace(name, labels);
  for (const [key, facts] of world.pods) model.setPod(key, facts);
  for (const [key, policy] of world.policies) model.setPolicy(key, policy);
  for (const [name, addresses] of world.domains) model.setDomain(name, addressesOf(addresses));
  for (const [key, policy] of world.clusterPolicies)
    model.setClusterPolicy('ClusterNetworkPolicy', key, policy);
  for (const [name, labels] of world.nodes) model.setNode(name, nodeFacts(name, labels));
  return model;
}

function* packets(): Generator<Packet> {
  const peers = [
    ...podKeys.map((peer) => ({ peer, address: addressOf(peer) })),
    ...outsiders.map((address) => ({ peer: undefined, address })),
  ];
  for (const direction of ['ingress', 'egress'] as const) {
    for (const subject of podKeys) {
      for (const { peer, address } of peers) {
        for (const port of [79, 80, 81, 90]) {
          for (const protocol of ['TCP', 'UDP'] as const)
            yield { direction, subject, peer, address, protocol, port };
        }
      }
    }
  }
}

interface ModelVerdict {
  readonly isAllowed: boolean;
  /** Whether it would be if policies in audit mode were enforced. */
  readonly withAudit: boolean;
}

function verdictOf(model: PolicyModel, packet: Packet): ModelVerdict {
  const address = parseAddress(packet.address);
  assert.ok(address);
  const { direction, subject: pod, peer, protocol, port } = packet;
  const peerClass = peer === undefined ? 0 : model.classOf(peer);
  const policy = model.policyOf(pod)[direction];
  const permitted = permits(policy, { address, peerClass }, { protocol, port });
  const decision = model.decide({ direction, pod, peer: { pod: peer, address }, protocol, port });
  assert.equal(decision.verdict === 'allowed', permitted, 'the allowances and the rules disagree');
  const audited = policy.audit && portsInVerdicts(policy.audit, { address, peerClass });
  const withAudit = audited === undefined ? permitted : hasPort(audited, protocol, port);
  assert.equal(decision.audit !== undefined, permitted && !withAudit, 'the audits disagree');
  return { isAllowed: permitted, withAudit };
}

test('allowances, rules with provenance and the documentation read naively agree on every packet', () => {
  fc.assert(
    fc.property(changes, (history) => {
      const { model, world } = live(history);
      for (const packet of packets()) {
        const { isAllowed, withAudit } = verdictOf(model, packet);
        const message = `disagreement on ${JSON.stringify(packet)}`;
        if (isAllowed !== isAllowedNaively(world, packet)) assert.fail(message);
        if (withAudit !== isAllowedNaively(world, packet, { withAudit: true }))
          assert.fail(`${message}, with audits`);
      }
    }),
    { numRuns: 60 },
  );
});

test('a model changed step by step equals one made from what is left, up to the numbers of classes', () => {
  fc.assert(
    fc.property(changes, (history) => {
      const { model, world } = live(history);
      const fresh = fromScratch(world);
      const renumbered = new Map<number, number>([[0, 0]]);
      for (const key of podKeys) {
        const [number, freshNumber] = [model.classOf(key), fresh.classOf(key)];
        assert.equal(renumbered.get(number) ?? freshNumber, freshNumber, 'one class became two');
        renumbered.set(number, freshNumber);
      }
      assert.equal(new Set(renumbered.values()).size, renumbered.size, 'two classes became one');
      for (const key of podKeys) {
        for (const direction of ['ingress', 'egress'] as const) {
          assert.deepEqual(
            described(model.policyOf(key)[direction], renumbered),
            described(fresh.policyOf(key)[direction], new Map()),
          );
        }
      }
    }),
    { numRuns: 200 },
  );
});

function described(policy: DirectionPolicy, renumbered: ReadonlyMap<number, number>): unknown {
  const byNewNumber = <T>(ofClasses: ReadonlyMap<number, T>): Map<number, T> =>
    new Map(
      Array.from(ofClasses, ([number, value]): [number, T] => [renumbered.get(number) ?? number, value]).sort(
        ([a], [b]) => a - b,
      ),
    );
  return {
    ...policy,
    classes: byNewNumber(
      new Map(Array.from(policy.classes, ([number, ports]) => [number, formatPorts(ports).join()])),
    ),
    rangesOfClasses: byNewNumber(policy.rangesOfClasses),
    verdicts: policy.verdicts && plainVerdicts(policy.verdicts, renumbered),
    audit: policy.audit && plainVerdicts(policy.audit, renumbered),
  };
}

function plainVerdicts(
  { classes, otherwise }: Verdicts,
  renumbered: ReadonlyMap<number, number> = new Map(),
): unknown {
  const rows = Array.from(classes, ([number, row]) => `${renumbered.get(number) ?? number}=${rowKey(row)}`);
  return [rowKey(otherwise), ...rows.sort()];
}

test('what changed is told exactly, and an object that was not told stays the same object', () => {
  fc.assert(
    fc.property(changes, fc.infiniteStream(fc.boolean()), (history, reads) => {
      const model = createPolicyModel();
      const snapshot = (): Map<string, { number: number; policy: unknown; text: string }> =>
        new Map(
          podKeys.map((key) => {
            const policy = model.policyOf(key);
            return [key, { number: model.classOf(key), policy, text: JSON.stringify(plain(policy)) }];
          }),
        );
      let before = snapshot();
      for (const change of history) {
        applyToModel(model, change);
        // Several changes are told at once, and reading in between changes nothing.
        if (reads.next().value === true) continue;
        const { classes, policies } = model.takeChanges();
        const after = snapshot();
        const differing = (field: 'number' | 'text' | 'policy'): string[] =>
          podKeys.filter((key) => before.get(key)?.[field] !== after.get(key)?.[field]);
        assert.deepEqual([...classes].sort(), differing('number'));
        assert.deepEqual([...policies].sort(), differing('text'));
        assert.deepEqual([...policies].sort(), differing('policy'));
        assert.deepEqual(model.takeChanges(), { classes: new Set(), policies: new Set() });
        before = after;
      }
    }),
    { numRuns: 200 },
  );
});

function plain({ ingress, egress }: ReturnType<PolicyModel['policyOf']>): unknown {
  return [ingress, egress].map(({ isolatedBy, anywhere, classes, ranges, rangesOfClasses, ...tiers }) => [
    isolatedBy,
    anywhere,
    [...classes],
    ranges.map(plainRange),
    Array.from(rangesOfClasses, ([number, list]) => [number, list.map(plainRange)]),
    tiers.verdicts && plainVerdicts(tiers.verdicts),
    tiers.audit && plainVerdicts(tiers.audit),
  ]);
}

function plainRange({ range: { first, last }, ports }: DirectionPolicy['ranges'][number]): unknown {
  return [String(first.value), String(last.value), first.family, ports];
}

test('pods with equal allowances share one object', () => {
  fc.assert(
    fc.property(changes, (history) => {
      const { model } = live(history);
      const byText = new Map(
        podKeys.map((key) => [JSON.stringify(plain(model.policyOf(key))), model.policyOf(key)]),
      );
      for (const key of podKeys) {
        assert.equal(byText.get(JSON.stringify(plain(model.policyOf(key)))), model.policyOf(key));
      }
    }),
    { numRuns: 50 },
  );
});
