import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flow, FlowEnd } from '../../../src/analysis/flow.ts';
import { predict } from '../../../src/analysis/predict/predict.ts';
import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import type { Cluster } from '../../../src/model/cluster.ts';
import { expandManifests } from '../../../src/model/workloads/expand.ts';
import { generateCluster } from '../generator/cluster.ts';
import { questionsOf } from '../generator/questions.ts';
import { evaluate } from './evaluate.ts';
import type { Destination, Question, Source } from './question.ts';

function objectsOf(cluster: Cluster): KubernetesObject[] {
  const { nodes, namespaces, pods, services, networkPolicies } = cluster;
  return [nodes, namespaces, pods, services, networkPolicies].flatMap((objects) => [...objects.values()]);
}

function endOf(end: Exclude<Source | Destination, { kind: 'service' }>): FlowEnd {
  if (end.kind === 'pod') return { kind: 'pod', key: end.pod };
  if (end.kind === 'node') return { kind: 'node', name: end.node };
  return { kind: 'address', address: end.address };
}

function flowOf({ source, destination, protocol, port }: Question): Flow {
  const to =
    destination.kind === 'service'
      ? { kind: 'service' as const, key: destination.service }
      : endOf(destination);
  return { source: endOf(source), destination: to, protocol, port };
}

/** What may come of it, in the evaluator's words: a Service that serves nobody is unreachable to the analysis. */
function predicted(cluster: Cluster, question: Question): string[] {
  const { outcomes } = predict(cluster, flowOf(question));
  const told = outcomes.map(({ verdict, sourceSeen, backend }) => {
    if (verdict === 'allowed') return `allowed ${sourceSeen} ${backend ?? ''}`;
    return verdict === 'unreachable' ? 'rejected' : verdict;
  });
  return [...new Set(told)].sort();
}

function evaluated(objects: readonly KubernetesObject[], question: Question): string[] {
  const told = evaluate(objects, question).map((outcome) =>
    outcome.verdict === 'allowed'
      ? `allowed ${outcome.sourceSeen} ${outcome.backend ?? ''}`
      : outcome.verdict,
  );
  return told.sort();
}

/** Asks everything of the seed's cluster, and returns how much that was. */
function compare(seed: number): number {
  const cluster = expandManifests(generateCluster(seed));
  const objects = objectsOf(cluster);
  const questions = questionsOf(objects);
  for (const question of questions) {
    const message = `seed ${seed}: ${JSON.stringify(question)}`;
    assert.deepEqual(predicted(cluster, question), evaluated(objects, question), message);
  }
  return questions.length;
}

test('the analysis predicts what a plain reading of the API says, for random clusters', () => {
  let asked = 0;
  for (let seed = 0; seed < 60; seed++) asked += compare(seed);
  assert.ok(asked > 10_000, `only ${asked} questions`);
});
