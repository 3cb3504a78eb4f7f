/**
 * Random clusters in a real lab: for each question the analyser, the plain evaluator and a real packet must agree.
 *
 *     WEFT_DIFFERENTIAL_SEEDS=200     how many seeds, 12 when absent
 *     WEFT_DIFFERENTIAL_SEED=17       only this one; what the lab held before it is not replayed
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cannotSendPackets, startLab, type TestLab } from '../support/lab.ts';
import { objectsOf } from './answers.ts';
import { generateCluster } from './generator/cluster.ts';
import { questionsOf } from './generator/questions.ts';
import { asNextState } from './live/churn.ts';
import { disagreements } from './live/compare.ts';
import { complaints, killAgents, mismatchedElements } from './live/lab-state.ts';
import { report } from './live/report.ts';
import { sample } from './live/sample.ts';
import { settle } from './live/settle.ts';

const questionsPerSeed = 400;
const only = process.env['WEFT_DIFFERENTIAL_SEED'];
const seeds =
  only === undefined
    ? Array.from({ length: Number(process.env['WEFT_DIFFERENTIAL_SEEDS'] ?? 12) }, (_, seed) => seed)
    : [Number(only)];

describe('the analyser, the evaluator and real packets', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let complain: () => string[];

  before(async () => {
    lab = await startLab('diff');
    complain = complaints(lab);
    complain();
  });
  after(async () => lab?.down());

  for (const [index, seed] of seeds.entries()) {
    test(`agree about the cluster of seed ${seed}`, async () => {
      const cluster = await settle(lab, asNextState(generateCluster(seed), seed));
      assert.equal(await mismatchedElements(lab), 0, 'elements differ from what the agents think');
      // Once in the middle the agents die: who comes after them must find everything as it is.
      if (index === Math.floor(seeds.length / 2)) await killAgents(lab);
      const objects = objectsOf(cluster);
      const all = questionsOf(objects.filter(isAsked));
      const questions = sample(all, { count: questionsPerSeed, seed });
      const found = await disagreements(lab, cluster, questions);
      assert.equal(found.length, 0, report(found, { seed, objects }));
      assert.deepEqual(complain(), [], `seed ${seed}: the lab complains`);
    });
  }
});

/** The cluster's own pods and Services are no stand-ins, and cannot say whom they saw. */
function isAsked({ kind, metadata }: { kind: string; metadata: { namespace?: string } }): boolean {
  return kind === 'Node' || (metadata.namespace ?? '').startsWith('ns-');
}
