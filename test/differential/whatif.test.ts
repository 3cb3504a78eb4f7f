/**
 * What would turn a verdict round, of random connections in random clusters: the plain evaluator, which knows nothing of
 * the analyser, agrees that it does.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { predict } from '../../src/analysis/predict/predict.ts';
import { withEdit } from '../../src/analysis/whatif/edit.ts';
import { turnOf } from '../../src/analysis/whatif/turn.ts';
import { expandManifests } from '../../src/model/workloads/expand.ts';
import { coarse, evaluatedAnswers, flowOf, objectsOf } from './answers.ts';
import { generateCluster } from './generator/cluster.ts';
import { questionsOf } from './generator/questions.ts';
import { sample } from './live/sample.ts';
import { createKindOf } from './live/kind-of.ts';
import { seedsFor } from './seeds.ts';

const seeds = seedsFor('WEFT_DIFFERENTIAL_CASES', 12);
const questionsPerCluster = 15;

test('a change that turns a verdict does so for who reads the documentation naively', (t) => {
  const tally = { opened: 0, closed: 0, left: 0, stuck: 0 };
  for (const seed of seeds) {
    const cluster = expandManifests(generateCluster(seed));
    const objects = objectsOf(cluster);
    const questions = sample(questionsOf(objects), {
      count: questionsPerCluster,
      seed,
      kindOf: createKindOf(objects),
    });
    for (const question of questions) {
      const flow = flowOf(question);
      const prediction = predict(cluster, flow);
      const turn = turnOf(cluster, flow, prediction);
      if (turn === undefined) {
        if (prediction.verdict === 'denied') tally.stuck += 1;
        tally.left += 1;
        continue;
      }
      const isOpening = prediction.outcomes.some(({ verdict }) => verdict === 'denied');
      const changed = turn.edits.reduce(withEdit, cluster);
      const answers = coarse(evaluatedAnswers(objectsOf(changed), question));
      const message = `WEFT_DIFFERENTIAL_SEED=${seed}: ${JSON.stringify([question, turn.edits])}`;
      assert.equal(answers.includes('denied'), !isOpening, message);
      if (!isOpening) assert.deepEqual(answers, ['denied'], message);
      assert.equal(turn.verdict === 'denied', !isOpening, message);
      tally[isOpening ? 'opened' : 'closed'] += 1;
    }
  }
  t.diagnostic(JSON.stringify(tally));
  assert.equal(tally.stuck, 0, 'denied connections that nothing opens');
  assert.ok(tally.opened > seeds.length && tally.closed > seeds.length, JSON.stringify(tally));
});
