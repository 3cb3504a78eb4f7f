import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandManifests } from '../../../src/model/workloads/expand.ts';
import { coarse, evaluatedAnswers, objectsOf, predictedAnswers } from '../answers.ts';
import { networkConfigOf } from '../../../src/model/network/config.ts';
import type { Family } from '../../../src/lib/address.ts';
import { asDualStack, inBothFamilies } from '../generator/dual-stack.ts';
import { generateCluster } from '../generator/cluster.ts';
import { questionsOf } from '../generator/questions.ts';

/** Asks everything of the seed's cluster, and returns how much that was. */
function compare(seed: number, families: readonly Family[]): number {
  const isDual = families.length > 1;
  const manifests = isDual ? asDualStack(generateCluster(seed)) : generateCluster(seed);
  const cluster = expandManifests(manifests, { config: networkConfigOf(undefined, families) });
  const objects = objectsOf(cluster);
  const questions = isDual ? inBothFamilies(questionsOf(objects), objects) : questionsOf(objects);
  for (const question of questions) {
    const message = `seed ${seed}: ${JSON.stringify(question)}`;
    const [predicted, evaluated] = [predictedAnswers(cluster, question), evaluatedAnswers(objects, question)];
    assert.deepEqual(coarse(predicted), coarse(evaluated), message);
  }
  return questions.length;
}

test('the analysis predicts what a plain reading of the API says, for random clusters', () => {
  let asked = 0;
  for (let seed = 0; seed < 60; seed++) asked += compare(seed, ['IPv4']);
  assert.ok(asked > 10_000, `only ${asked} questions`);
});

test('and in both families of dual-stack clusters', () => {
  let asked = 0;
  for (let seed = 0; seed < 20; seed++) asked += compare(seed, ['IPv4', 'IPv6']);
  assert.ok(asked > 10_000, `only ${asked} questions`);
});
