/**
 * Random dual-stack clusters in a real lab: in both families the analyser, the plain evaluator and a real packet must
 * agree. `WEFT_DIFFERENTIAL_SEEDS` as in live.test.ts, 4 when absent.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { networkConfigOf } from '../../src/model/network/config.ts';
import { cannotSendPackets, startLab, type TestLab } from '../support/lab.ts';
import { generateCluster } from './generator/cluster.ts';
import { asDualStack } from './generator/dual-stack.ts';
import { asNextState } from './live/churn.ts';
import { complaints, mismatchedElements, serveOutside } from './live/lab-state.ts';
import { prove } from './live/prove.ts';
import { settle } from './live/settle.ts';
import { seedsFor } from './seeds.ts';

const seeds = seedsFor('WEFT_DIFFERENTIAL_SEEDS', 4);

describe('the analyser, the evaluator and packets of both families', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let complain: () => string[];

  before(async () => {
    lab = await startLab('diff6', { config: networkConfigOf(undefined, ['IPv4', 'IPv6']) });
    await serveOutside(lab);
    complain = complaints(lab);
    complain();
  });
  after(async () => lab?.down());

  for (const seed of seeds) {
    const replay = `WEFT_DIFFERENTIAL_SEED=${seed} node --test test/differential/live-dual.test.ts`;

    test(`agree about the dual-stack cluster of seed ${seed}`, async () => {
      const cluster = await settle(lab, asDualStack(asNextState(generateCluster(seed), seed)));
      assert.equal(await mismatchedElements(lab), 0, 'elements differ from what the agents think');
      await prove(lab, cluster, { count: 500, seed, replay });
      assert.equal(await mismatchedElements(lab), 0, 'elements differ after the packets');
      assert.deepEqual(complain(), [], `the lab complains; ${replay}`);
    });
  }
});
