/**
 * Random clusters in a real lab: for each question the analyser, the plain evaluator and a real packet must agree.
 *
 *     WEFT_DIFFERENTIAL_SEEDS=200     how many seeds, 12 when absent
 *
 * and which ones, see seeds.ts; what the lab held before a seed is not replayed.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { applyObjects } from '../../src/lab/apply.ts';
import { cannotSendPackets, startLab, type TestLab } from '../support/lab.ts';
import { generateCluster } from './generator/cluster.ts';
import { asNextState, relabelled } from './live/churn.ts';
import { complaints, killAgents, mismatchedElements, serveOutside } from './live/lab-state.ts';
import { prove } from './live/prove.ts';
import { settle } from './live/settle.ts';
import { seedsFor } from './seeds.ts';

const seeds = seedsFor('WEFT_DIFFERENTIAL_SEEDS', 12);
/** Here the agents die in the middle of the change and behind it: who comes after them adopts what there is. */
const deadly = seeds[Math.floor(seeds.length / 2)];

describe('the analyser, the evaluator and real packets', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let complain: () => string[];

  before(async () => {
    lab = await startLab('diff');
    await serveOutside(lab);
    complain = complaints(lab);
    complain();
  });
  after(async () => lab?.down());

  for (const seed of seeds) {
    const replay = `WEFT_DIFFERENTIAL_SEED=${seed} node --test test/differential/live.test.ts`;

    test(`agree about the cluster of seed ${seed}`, async () => {
      const objects = asNextState(generateCluster(seed), seed);
      if (seed === deadly) {
        const applying = applyObjects(lab.connection.client, objects);
        await killAgents(lab);
        await applying;
      }
      const cluster = await settle(lab, objects);
      assert.equal(await mismatchedElements(lab), 0, 'elements differ from what the agents think');
      if (seed === deadly) {
        await killAgents(lab);
        complain();
        assert.equal(await mismatchedElements(lab), 0, 'new agents did not adopt what they found');
      }
      await prove(lab, cluster, { count: 400, seed, replay });
      const moved = await settle(lab, relabelled(objects));
      await prove(lab, moved, { count: 150, seed, replay: `${replay}, after the labels moved` });
      assert.equal(await mismatchedElements(lab), 0, 'elements differ after the labels moved');
      assert.deepEqual(complain(), [], `the lab complains; ${replay}`);
    });
  }
});
