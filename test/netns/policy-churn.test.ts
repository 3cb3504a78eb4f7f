/**
 * Two pods ask a third without a break while policies around them come, change and go, and while agents die and others take
 * over: whom the policies let through in every one of the states is never denied, and whom they let through in none never
 * answered.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { NetworkPolicy, NetworkPolicyPort } from '../../src/api/types/network.ts';
import type { NftSetType } from '../../src/kernel/nft/port.ts';
import { createNftables } from '../../src/kernel/nft/nftables.ts';
import { nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { policySets, policyTables } from '../../src/plan/policy/skeleton.ts';
import type { ProbeResult } from '../../src/workload/port.ts';
import { killAgents } from '../differential/live/lab-state.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { namespace } from './objects.ts';

/** `WEFT_POLICY_CHANGES` says how many; 2,000 find in most runs what 500 seldom do. */
const changes = Number(process.env['WEFT_POLICY_CHANGES'] ?? 500);
const policiesAtOnce = 20;
/** How often agents die: `WEFT_POLICY_DEATHS`. */
const deaths = Number(process.env['WEFT_POLICY_DEATHS'] ?? 3);

interface Asking {
  /** How many ask at once from whom policies never let through; twice as many from the other. */
  readonly askers: number;
  /** How long those wait who get no answer, and perhaps no word of it. */
  readonly timeoutMs: number;
}

function policy(
  name: string,
  spec: NetworkPolicy['spec'],
): NetworkPolicy & { metadata: { namespace: string } } {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'shop' },
    spec,
  };
}

const labelled = (app: string): { matchLabels: Record<string, string> } => ({ matchLabels: { app } });
/** What holds all the time. */
const lasting = policy('lasting', {
  podSelector: labelled('server'),
  ingress: [{ from: [{ podSelector: labelled('friend') }], ports: [{ port: 8080 }] }],
});

/** What comes and goes: it is about the same pods, and opens other ports, or the same one for others. */
function passing(index: number): NetworkPolicy {
  return policy(`passing-${index % policiesAtOnce}`, {
    podSelector: index % 3 === 0 ? {} : labelled('server'),
    ingress: [
      { from: [{ podSelector: labelled('nobody') }], ports: [{ port: 8080 }] },
      {
        from: [{ podSelector: labelled(index % 2 === 0 ? 'friend' : 'stranger') }],
        ports: [{ port: 1 + index }],
      },
      { from: [{ ipBlock: { cidr: `192.0.2.${index % 256}/32` } }] },
    ],
  });
}

/** Some ports, so that the kernel takes a while to exchange them. */
const portsFrom = (first: number): NetworkPolicyPort[] =>
  Array.from({ length: 100 }, (_, index) => ({ port: first + 2 * index }));
const ofFriend = policy('friend', {
  podSelector: labelled('server'),
  ingress: [{ from: [{ podSelector: labelled('friend') }], ports: portsFrom(20_000) }],
});
const ofStranger = (name: string): NetworkPolicy & { metadata: { namespace: string } } =>
  policy(name, {
    podSelector: labelled('server'),
    ingress: [{ from: [{ podSelector: labelled('stranger') }], ports: portsFrom(30_000) }],
  });

describe('while policies change thousands of times', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  before(async () => {
    lab = await startLab('churn', { nodes: 2 });
    await lab.apply([
      namespace('shop'),
      podOn('node-1', 'shop/friend', { labels: { app: 'friend' } }),
      podOn('node-1', 'shop/stranger', { labels: { app: 'stranger' } }),
      podOn('node-2', 'shop/server', { labels: { app: 'server' } }),
      lasting,
    ]);
  });
  after(async () => lab?.down());

  /** Asks from both pods while `work` goes on. */
  async function askDuring(work: () => Promise<void>, { askers, timeoutMs }: Asking): Promise<void> {
    const prober = await lab.connection.prober();
    const address = (await lab.pod('shop/server')).status?.podIP ?? '';
    const changing = new AbortController();
    const ask = async (from: string): Promise<ProbeResult['outcome'][]> => {
      const netns = await lab.netnsOf(from);
      const outcomes: ProbeResult['outcome'][] = [];
      while (!changing.signal.aborted) {
        const probe = { netns, protocol: 'TCP', address, port: 8080 } as const;
        const isFriend = from === 'shop/friend';
        outcomes.push((await prober.probe(probe, { timeoutMs: isFriend ? 5000 : timeoutMs })).outcome);
      }
      return outcomes;
    };
    const askAll = async (from: string, count: number): Promise<ProbeResult['outcome'][]> =>
      (await Promise.all(Array.from({ length: count }, () => ask(from)))).flat();
    const asked = Promise.all([askAll('shop/friend', 2 * askers), askAll('shop/stranger', askers)]);
    try {
      await work();
    } finally {
      changing.abort();
      await Promise.allSettled([asked]);
    }
    const [friend, stranger] = await asked;
    for (const outcomes of [friend, stranger]) assert.ok(outcomes.length > 0);
    assert.deepEqual(
      friend.filter((one) => one !== 'answered'),
      [],
    );
    assert.ok(!stranger.includes('answered'));
  }

  /** Everything in the table of the server's node, by set. */
  function held(): Record<string, string[]> {
    const nft = createNftables({ namespaces: lab.namespaces });
    const elementsOf = ([set, type]: [string, NftSetType]): string[] =>
      nft
        .elements(nodeNetns('node-2'), { ...policyTables.IPv4, set }, type)
        .map((element) => JSON.stringify(element))
        .sort();
    return Object.fromEntries(
      Object.entries<NftSetType>(policySets.IPv4).map((entry) => [entry[0], elementsOf(entry)]),
    );
  }

  const there = new Set<string>();
  async function change(index: number): Promise<void> {
    const { client } = lab.connection;
    const next = passing(index);
    const { name } = next.metadata;
    if (there.delete(name)) {
      await client.delete(resources.networkpolicies, { namespace: 'shop', name });
    } else {
      await client.create(resources.networkpolicies, next);
      there.add(name);
    }
  }

  test('nobody gets through who never may, and nobody is denied who always may', () =>
    askDuring(
      async () => {
        for (let index = 0; index < changes; index += 1) await change(index);
      },
      { askers: 1, timeoutMs: 5000 },
    ));

  test('the same goes for agents that are killed again and again', async () => {
    const { client } = lab.connection;
    for (const name of there) await client.delete(resources.networkpolicies, { namespace: 'shop', name });
    await client.create(resources.networkpolicies, ofFriend);
    await client.create(resources.networkpolicies, ofStranger('z'));
    await askDuring(
      async () => {
        // Whoever counts port groups and classes as they are met meets now these first and now those.
        for (let death = 0; death < deaths; death += 1) {
          const [next, last] = death % 2 === 0 ? ['a', 'z'] : ['z', 'a'];
          await client.delete(resources.networkpolicies, ofStranger(last).metadata);
          const { metadata } = await client.create(resources.networkpolicies, ofStranger(next));
          await lab.connection.programmed({ networkpolicies: metadata.resourceVersion ?? '0' });
          const before = held();
          await killAgents(lab);
          assert.deepEqual(held(), before, 'the same things are called otherwise');
        }
      },
      { askers: 8, timeoutMs: 250 },
    );
  });
});
