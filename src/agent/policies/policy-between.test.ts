/**
 * What happens to a packet that is on its way through the tables of policies while they change: in the fake kernel, with
 * the rules traced. `WEFT_POLICY_RACES` says how many random histories; one in 400 found what is a case now.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { NetworkPolicySpec } from '../../api/types/network.ts';
import { createFakeNftables } from '../../kernel/nft/fake.ts';
import type { NftSetType } from '../../kernel/nft/port.ts';
import { changes, type Change } from '../../model/policy/testing/arbitraries.ts';
import { applyToModel } from '../../model/policy/testing/apply-to-model.ts';
import type { PlannedElement } from '../../plan/elements/planned-elements.ts';
import { policySets, policyTables } from '../../plan/policy/skeleton.ts';
import { createTracer, tracedSets, type TracedPacket } from '../../plan/policy/testing/trace.ts';
import { createEnforcedNode, enforcedLayout as layout } from './testing/enforced-node.ts';

const numRuns = Number(process.env['WEFT_POLICY_RACES'] ?? 15);
const podKeys = ['a', 'b', 'c'].flatMap((namespace) =>
  ['1', '2', '3', '4'].map((name) => `${namespace}/${name}`),
);
const addressOf = (key: string): string => `10.244.0.${podKeys.indexOf(key) + 1}`;
const types: Readonly<Record<string, NftSetType>> = policySets.IPv4;

interface Programmed {
  readonly states: readonly (readonly PlannedElement[])[];
  readonly concerned: ReadonlySet<string>;
}

/** A node with all these pods, as a process programs it: anew, or as an earlier one left it. */
function createNode(nft = createFakeNftables()) {
  const { model, enforcer, program } = createEnforcedNode(
    nft,
    new Map(podKeys.map((key) => [key, addressOf(key)])),
  );
  const held = (): PlannedElement[] =>
    Object.entries(types).flatMap(([set, type]) =>
      nft.elements('n', { ...policyTables.IPv4, set }, type).map((element) => ({ ...element, set })),
    );
  let states: PlannedElement[][] = [];
  let isStarted = false;
  const change = nft.change.bind(nft);
  nft.change = (netns, some) => {
    change(netns, some);
    states.push(held());
  };
  return {
    nft,
    /** What the table held before the changes and after each transaction, and the addresses of the pods concerned. */
    program(some: readonly Change[]): Programmed {
      for (const one of some) applyToModel(model, one);
      if (!isStarted) enforcer.start();
      isStarted = true;
      states = [held()];
      const { classes, policies } = model.takeChanges();
      program();
      enforcer.tidy();
      return { states, concerned: new Set([...classes, ...policies].map(addressOf)) };
    },
  };
}

const policy = (name: string, spec?: NetworkPolicySpec): Change => ({
  kind: 'policy',
  key: `a/${name}`,
  policy: spec && {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'a', name },
    spec,
  },
});
const fromBlock = { from: [{ ipBlock: { cidr: '10.244.0.0/16' } }] };
const fromPods = { from: [{ namespaceSelector: {} }] };
const fromApp = { from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: '1' } } }] };
const [web, all] = [{ ports: [{ port: 80 }] }, {}];
const rules = (...ingress: NonNullable<NetworkPolicySpec['ingress']>): NetworkPolicySpec => ({
  podSelector: {},
  ingress,
});

const cases: readonly { name: string; before: readonly Change[]; change: readonly Change[] }[] = [
  {
    name: 'when a policy goes that let it in by its address',
    before: [policy('p', rules(fromBlock))],
    change: [policy('p')],
  },
  {
    name: 'when what let it in by its address lets it in by its labels, and the other way round',
    before: [policy('p', rules(fromBlock)), policy('q', rules({ ...fromApp, ...web }))],
    change: [policy('p', rules(fromPods)), policy('q', rules({ ...fromBlock, ...web }))],
  },
  {
    name: 'when all ports become one',
    before: [policy('p', rules({ ...fromPods, ...all }))],
    change: [policy('p', rules({ ...fromPods, ...web }))],
  },
  {
    name: 'when one port becomes all',
    before: [policy('p', rules({ ...fromPods, ...web }))],
    change: [policy('p', rules({ ...fromPods, ...all }))],
  },
  {
    name: 'when what another tier denies is no longer denied to all others',
    before: [
      policy('p', rules()),
      {
        kind: 'cluster-policy',
        key: 'x',
        policy: {
          apiVersion: 'policy.networking.k8s.io/v1alpha2',
          kind: 'ClusterNetworkPolicy',
          metadata: { name: 'x' },
          spec: {
            tier: 'Admin',
            priority: 0,
            subject: { namespaces: {} },
            ingress: [{ action: 'Deny', from: [{ pods: { podSelector: { matchLabels: { app: '1' } } } }] }],
          },
        },
      },
    ],
    change: [policy('p')],
  },
];

/** A packet's first chain, and the packet. */
type Asked = readonly [chain: 'ingress-of-pod' | 'egress-of-pod', packet: TracedPacket];

const addresses = [...podKeys.map(addressOf), '192.0.2.7', '10.9.9.9'];
const everything: readonly Asked[] = (['ingress-of-pod', 'egress-of-pod'] as const).flatMap((chain) =>
  podKeys.map(addressOf).flatMap((own) =>
    addresses
      .filter((other) => other !== own)
      .flatMap((other) => {
        const [source, destination] = chain === 'egress-of-pod' ? [own, other] : [other, own];
        return [80, 90].flatMap((destinationPort) =>
          [6, 17].map((protocol) => [chain, { source, destination, protocol, destinationPort }] as const),
        );
      }),
  ),
);

/** Between the moments at which all other sets and those of ranges of several fields are what they are afterwards. */
function halfway(before: readonly PlannedElement[], after: readonly PlannedElement[]): PlannedElement[] {
  const isLate = ({ set }: PlannedElement): boolean => types[set]?.interval === true;
  return [...after.filter((one) => !isLate(one)), ...before.filter(isLate)];
}

/** Each transaction as what a packet may meet of it between two look-ups: one state of the sets, and then another. */
function meetings(states: Programmed['states']): (readonly [State, State])[] {
  return states.slice(1).flatMap((after, index) => {
    const before = states[index] ?? [];
    const [first, middle, last] = [before, halfway(before, after), after].map((elements) => ({
      trace: createTracer(layout.skeleton, elements),
      sets: tracedSets(elements),
    }));
    if (first === undefined || middle === undefined || last === undefined) return [];
    return [
      [first, middle],
      [middle, last],
      [first, last],
    ] as const;
  });
}

interface State {
  readonly trace: ReturnType<typeof createTracer>;
  readonly sets: ReturnType<typeof tracedSets>;
}

/** Packets that are let through both before and after, or denied both times, meet every change at each of their look-ups. */
function judge({ states, concerned }: Programmed, { first, of } = { first: 0, of: 1 }): void {
  const met = meetings(states);
  const [start, end] = [met[0]?.[0], met.at(-1)?.[1]];
  const asked = everything.filter(
    ([, { source, destination }]) => concerned.has(source) || concerned.has(destination),
  );
  for (const [chain, packet] of asked.filter((_, index) => index % of === first)) {
    const verdict = start?.trace(chain, packet).verdict;
    if (verdict !== end?.trace(chain, packet).verdict) continue;
    for (const [{ trace }, { sets }] of met) {
      const { lookUps } = trace(chain, packet);
      for (let behind = 0; behind <= lookUps; behind += 1) {
        const seen = trace(chain, packet, { sets, behind });
        if (seen.verdict !== verdict) assert.fail(JSON.stringify({ packet, behind, verdict }));
      }
    }
  }
}

describe('a packet between two look-ups is let through, or denied, as it is before and after', () => {
  for (const { name, before, change } of cases) {
    test(name, () => {
      const node = createNode();
      const labelled = podKeys.map((key): Change => ({
        kind: 'pod',
        key,
        facts: { namespace: key.slice(0, 1), labels: { app: key.slice(2) }, namedPorts: [] },
      }));
      node.program([...labelled, ...before]);
      judge(node.program(change));
    });
  }

  test('when something changed while no agent ran, and others start', () => {
    fc.assert(
      fc.property(changes, fc.nat(30), (history, first) => {
        const node = createNode();
        for (const one of history.slice(0, -1)) node.program([one]);
        const { states } = createNode(node.nft).program(history);
        judge({ states, concerned: new Set(addresses) }, { first, of: 31 });
      }),
      { numRuns },
    );
  });

  test('random changes of random policies', () => {
    fc.assert(
      fc.property(changes, fc.nat(30), (history, first) => {
        const node = createNode();
        for (const one of history) judge(node.program([one]), { first, of: 31 });
      }),
      { numRuns },
    );
  });
});
