/**
 * Random clusters with policies of all kinds: for connections of their pods, the analyser, the plain evaluator and the
 * compiled ruleset, traced packet by packet, must agree. No root is needed, so that many clusters are cheap.
 *
 *     WEFT_DIFFERENTIAL_CASES=10000   how many clusters, 60 when absent; for which, see seeds.ts
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Family } from '../../src/lib/address.ts';
import { networkConfigOf } from '../../src/model/network/config.ts';
import { expandManifests } from '../../src/model/workloads/expand.ts';
import { coarse, evaluatedAnswers, objectsOf, predictedAnswers } from './answers.ts';
import type { Question } from './evaluator/question.ts';
import { readWorld, type World, type WorldPod } from './evaluator/world.ts';
import { generateCluster } from './generator/cluster.ts';
import { asDualStack, inBothFamilies } from './generator/dual-stack.ts';
import { questionsOf } from './generator/questions.ts';
import { sample } from './live/sample.ts';
import { seedsFor } from './seeds.ts';
import { traceNodes, type Passes } from './traced/node-tables.ts';

const seeds = seedsFor('WEFT_DIFFERENTIAL_CASES', 60);
const questionsPerCluster = 80;
const numbers = { TCP: 6, UDP: 17, SCTP: 132 } as const;

/** A connection without a Service between two pods, or from one to somebody outside: policies alone decide it. */
interface Traceable {
  readonly question: Question;
  readonly sender: WorldPod;
  readonly receiver: WorldPod | undefined;
  readonly destination: string;
}

function traceable(world: World, question: Question): Traceable[] {
  const podOf = (key: string): WorldPod[] =>
    world.pods.filter((pod) => pod.key === key && !pod.hostNetwork && pod.address !== '');
  const { source, destination } = question;
  if (source.kind !== 'pod' || (question.family ?? 'IPv4') !== world.family) return [];
  return podOf(source.pod).flatMap((sender): Traceable[] => {
    if (destination.kind === 'pod')
      return podOf(destination.pod).map((receiver) => ({
        question,
        sender,
        receiver,
        destination: receiver.address,
      }));
    if (destination.kind !== 'external') return [];
    return [{ question, sender, receiver: undefined, destination: destination.address }];
  });
}

function isLetThrough(passes: Passes, { question, sender, receiver, destination }: Traceable): boolean {
  const { protocol, port } = question;
  const packet = {
    source: sender.address,
    destination,
    protocol: numbers[protocol],
    destinationPort: port,
  };
  return (
    passes(sender.node, 'egress', packet) &&
    (receiver === undefined || passes(receiver.node, 'ingress', packet))
  );
}

function compare(seed: number): { asked: number; denied: number } {
  const families: Family[] = seed % 4 === 3 ? ['IPv4', 'IPv6'] : ['IPv4'];
  const isDual = families.length > 1;
  const manifests = isDual ? asDualStack(generateCluster(seed)) : generateCluster(seed);
  const cluster = expandManifests(manifests, { config: networkConfigOf(undefined, families) });
  const objects = objectsOf(cluster);
  const all = isDual ? inBothFamilies(questionsOf(objects), objects) : questionsOf(objects);
  const tally = { asked: 0, denied: 0 };
  for (const family of families) {
    const world = readWorld(objects, family);
    const passes = traceNodes(cluster, family);
    const asked = all.flatMap((question) => traceable(world, question));
    for (const one of sample(asked, { count: questionsPerCluster, seed, kindOf: kindOf(world) })) {
      const [predicted, evaluated] = [
        coarse(predictedAnswers(cluster, one.question)),
        coarse(evaluatedAnswers(objects, one.question)),
      ];
      const isDenied = evaluated.includes('denied');
      const message = `WEFT_DIFFERENTIAL_SEED=${seed}: ${JSON.stringify(one.question)}`;
      assert.deepEqual(predicted, evaluated, `analyser and evaluator; ${message}`);
      // What nobody of the pod and Service ranges has is dropped before policies are asked.
      if (one.receiver === undefined && evaluated.includes('unreachable')) continue;
      assert.equal(isLetThrough(passes, one), !isDenied, `rules traced and evaluator; ${message}`);
      tally.asked++;
      if (isDenied) tally.denied++;
    }
  }
  return tally;
}

const kindOf =
  ({ nodes }: World) =>
  ({ question, sender, receiver }: Traceable): string =>
    [question.protocol, receiver === undefined ? 'out' : receiver.node === sender.node, nodes.length].join();

test('the analyser, the evaluator and the traced ruleset agree about random clusters', (context) => {
  const total = { asked: 0, denied: 0 };
  for (const seed of seeds) {
    const { asked, denied } = compare(seed);
    total.asked += asked;
    total.denied += denied;
  }
  const range = `${seeds[0]} to ${seeds.at(-1)}`;
  context.diagnostic(
    `${seeds.length} clusters, seeds ${range}: ${total.asked} connections, ${total.denied} denied`,
  );
  if (seeds.length > 20) assert.ok(total.denied > seeds.length, 'hardly anything was denied');
});
