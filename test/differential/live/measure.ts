import { probeOf } from '../../../src/cli/live/probe-of.ts';
import type { Cluster } from '../../../src/model/cluster.ts';
import type { ProbeResult } from '../../../src/workload/port.ts';
import type { TestLab } from '../../support/lab.ts';
import { flowOf } from '../answers.ts';
import type { Question } from '../evaluator/question.ts';

/** See `ProbeOptions`. */
export interface Patience {
  readonly timeoutMs: number;
  readonly graceMs: number;
}

/** Asks every question with a real packet; results in their order. */
export async function measure(
  lab: TestLab,
  cluster: Cluster,
  questions: readonly Question[],
  patience: Patience,
): Promise<ProbeResult[]> {
  const prober = await lab.connection.prober();
  const probes = questions.map((question) => probeOf(cluster, flowOf(question)));
  return prober.probeAll(probes, patience);
}

/** What a real packet met, in the words of `answers.ts`: as exact as either of the others may be. */
export function measuredAnswer({ destination }: Question, result: ProbeResult): string {
  const { outcome, answer, denial } = result;
  if (outcome === 'silent' || outcome === 'unroutable') return 'unreachable';
  if (outcome === 'denied') return `denied ${denial?.direction} ${denial?.policies.toSorted().join()}`;
  if (outcome !== 'answered') return outcome;
  if (answer === undefined) return 'answered by no stand-in';
  if (destination.kind === 'pod') {
    const who = answer.pod === destination.pod ? '' : `from ${answer.pod}`;
    return `allowed ${answer.source} ${who}`;
  }
  const isBackend = destination.kind !== 'external' && answer.pod.startsWith('ns-');
  return `allowed ${answer.source} ${isBackend ? answer.pod : ''}`;
}
