import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import type { Cluster } from '../../../src/model/cluster.ts';
import type { TestLab } from '../../support/lab.ts';
import { objectsOf } from '../answers.ts';
import { inBothFamilies } from '../generator/dual-stack.ts';
import { questionsOf } from '../generator/questions.ts';
import { disagreements } from './compare.ts';
import { createKindOf } from './kind-of.ts';
import { report } from './report.ts';
import { sample } from './sample.ts';

export interface ProofOptions {
  /** At most so many questions, chosen by the seed. */
  readonly count: number;
  readonly seed: number;
  /** How to do it again, and after which change, for people. */
  readonly replay: string;
}

/** Asks of a cluster that a lab holds; throws an assertion that tells everything where the answers differ. */
export async function prove(lab: TestLab, cluster: Cluster, options: ProofOptions): Promise<void> {
  const objects = objectsOf(cluster);
  const asked = questionsOf(objects.filter(isAsked));
  const isDual = cluster.config.podCidrs.length > 1;
  const all = isDual ? inBothFamilies(asked, objects) : asked;
  const questions = sample(all, { ...options, kindOf: createKindOf(objects) });
  assert.ok(questions.length > 20, `only ${questions.length} questions`);
  const found = await disagreements(lab, cluster, questions);
  assert.equal(found.length, 0, report(found, { replay: options.replay, objects }));
}

/** The cluster's own pods and Services are no stand-ins, and cannot say whom they saw. */
function isAsked({ kind, metadata }: KubernetesObject): boolean {
  return kind === 'Node' || (metadata.namespace ?? '').startsWith('ns-');
}
