/** What the campaigns of `live.test.ts` found, and what a lab goes through, each as a small history. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { expandManifests } from '../../src/model/workloads/expand.ts';
import { cannotSendPackets, startLab, type TestLab } from '../support/lab.ts';
import { coarse, evaluatedAnswers, objectsOf, predictedAnswers } from './answers.ts';
import { churnCases } from './cases/churn.ts';
import { policyCases } from './cases/policies.ts';
import { seedCases } from './cases/seeds.ts';
import { questionsOf } from './generator/questions.ts';
import { complaints, mismatchedElements, serveOutside } from './live/lab-state.ts';
import { prove } from './live/prove.ts';
import { settle } from './live/settle.ts';

const cases = [...policyCases, ...churnCases, ...seedCases];

describe('the analyser agrees with the evaluator', () => {
  for (const { name, states } of cases) {
    test(name, () => {
      for (const state of states) {
        const cluster = expandManifests([...state]);
        const objects = objectsOf(cluster);
        for (const question of questionsOf(objects)) {
          const [predicted, evaluated] = [
            predictedAnswers(cluster, question),
            evaluatedAnswers(objects, question),
          ];
          assert.deepEqual(coarse(predicted), coarse(evaluated), JSON.stringify(question));
        }
      }
    });
  }
});

describe('real packets agree with both', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let complain: () => string[];

  before(async () => {
    lab = await startLab('cases');
    await serveOutside(lab);
    complain = complaints(lab);
    complain();
  });
  after(async () => lab?.down());

  for (const { name, states } of cases) {
    test(name, async () => {
      for (const [index, state] of states.entries()) {
        const cluster = await settle(lab, state);
        await prove(lab, cluster, { count: 300, seed: index, replay: `state ${index} of "${name}"` });
        assert.equal(await mismatchedElements(lab), 0, 'elements differ from what the agents think');
      }
      assert.deepEqual(complain(), [], 'the lab complains');
    });
  }
});
