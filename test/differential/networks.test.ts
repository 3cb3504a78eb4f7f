/**
 * Random virtual networks in the kernel: packets between everybody in them come out as the walk of the model says.
 *
 *     WEFT_NETWORKS=200     how many worlds, 3 when absent
 *
 * and which ones, see seeds.ts.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ProbeResult } from '../../src/workload/port.ts';
import { cannotSendPackets } from '../support/lab.ts';
import { createTestNetworks, type TestNetworks } from '../support/networks.ts';
import { expectations, type Expected } from './networks/expect.ts';
import { generateNetworks } from './networks/generate.ts';
import { seedsFor } from './seeds.ts';

/**
 * Service endpoints of networks with the same addresses (1071); answers by an appliance that puts its own address in and
 * has not seen the flow (1099); a reset by an appliance to whom a security group lets in nothing new (2363).
 */
const onceWrong = [1071, 1099, 2363];

/** Packets under way at once. */
const concurrency = 32;

describe('random virtual networks', { skip: cannotSendPackets }, () => {
  let net: TestNetworks;
  before(() => {
    net = createTestNetworks();
  });
  after(async () => net.close());

  for (const seed of seedsFor('WEFT_NETWORKS', 3, onceWrong)) {
    test(`those of seed ${seed} carry what is predicted, and nothing else`, async (context) => {
      const objects = generateNetworks(seed);
      await net.apply(objects);
      const all = expectations(objects);
      const wrong = await differing(net, all);
      const lost = all.filter(({ outcome }) => outcome === 'lost').length;
      context.diagnostic(`${all.length} packets, ${lost} of them lost`);
      const replay = `WEFT_DIFFERENTIAL_SEED=${seed} node --test test/differential/networks.test.ts`;
      assert.deepEqual(wrong, [], replay);
    });
  }
});

async function differing(net: TestNetworks, all: readonly Expected[]): Promise<string[]> {
  const queue = all.values();
  const wrong: string[] = [];
  const work = async (): Promise<void> => {
    for (const one of queue) {
      let again = await measure(net, one, 250);
      // On a busy machine an answer may be late: only who is silent for long is silent.
      for (const patience of one.outcome === 'lost' ? [] : [3000, 10_000]) {
        if (again === 'lost') again = await measure(net, one, patience);
      }
      if (again === one.outcome) continue;
      wrong.push(
        `${one.from} -> ${one.target}/${one.protocol}: ${again}, predicted ${one.outcome} ${one.why}`,
      );
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return wrong;
}

async function measure(
  net: TestNetworks,
  { from, target, protocol }: Expected,
  timeoutMs: number,
): Promise<string> {
  return textOf(await net.ask(from, target, { protocol, timeoutMs }));
}

function textOf({ outcome, answer }: ProbeResult): string {
  if (answer !== undefined) return `${answer.pod} sees ${answer.source}`;
  return outcome === 'refused' ? outcome : 'lost';
}
