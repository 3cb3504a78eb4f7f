/**
 * Two pods ask a third without a break while policies around them come, change and go: whom the policies let through in
 * every one of the states is never denied, and whom they let through in none never answered.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { NetworkPolicy } from '../../src/api/types/network.ts';
import type { ProbeResult } from '../../src/workload/port.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { namespace } from './objects.ts';

/** `WEFT_POLICY_CHANGES` says how many; 2,000 find in most runs what 500 seldom do. */
const changes = Number(process.env['WEFT_POLICY_CHANGES'] ?? 500);
const policiesAtOnce = 20;

function policy(name: string, spec: NetworkPolicy['spec']): NetworkPolicy {
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

  test('nobody gets through who never may, and nobody is denied who always may', async () => {
    const { client } = lab.connection;
    const prober = await lab.connection.prober();
    const address = (await lab.pod('shop/server')).status?.podIP ?? '';
    const changing = new AbortController();
    const ask = async (from: string): Promise<ProbeResult['outcome'][]> => {
      const netns = await lab.netnsOf(from);
      const outcomes: ProbeResult['outcome'][] = [];
      while (!changing.signal.aborted) {
        const probe = { netns, protocol: 'TCP', address, port: 8080 } as const;
        outcomes.push((await prober.probe(probe, { timeoutMs: 5000 })).outcome);
      }
      return outcomes;
    };
    const asked = Promise.all([ask('shop/friend'), ask('shop/friend'), ask('shop/stranger')]);
    try {
      const there = new Set<string>();
      for (let index = 0; index < changes; index += 1) {
        const next = passing(index);
        const { name } = next.metadata;
        if (there.delete(name)) {
          await client.delete(resources.networkpolicies, { namespace: 'shop', name });
        } else {
          await client.create(resources.networkpolicies, next);
          there.add(name);
        }
      }
    } finally {
      changing.abort();
    }
    const [friend, friendToo, stranger] = await asked;
    for (const outcomes of [friend, friendToo, stranger]) assert.ok(outcomes.length > 0);
    assert.deepEqual(
      [...friend, ...friendToo].filter((one) => one !== 'answered'),
      [],
    );
    assert.ok(!stranger.includes('answered'));
  });
});
