import type { Cluster } from '../../../src/model/cluster.ts';
import type { ProbeResult } from '../../../src/workload/port.ts';
import type { TestLab } from '../../support/lab.ts';
import { coarse, evaluatedAnswers, objectsOf, predictedAnswers, type Answers } from '../answers.ts';
import type { Question } from '../evaluator/question.ts';
import { measure, measuredAnswer, type Patience } from './measure.ts';

/** A question to which not all three gave the same answer. */
export interface Disagreement {
  readonly question: Question;
  readonly predicted: Answers;
  readonly evaluated: Answers;
  readonly measured: string;
  readonly result: ProbeResult;
}

/** How long an answer, and after it the evidence of a drop, is waited for: at first, and of a machine with too much to do. */
const hasty = { timeoutMs: 250, graceMs: 150 };
const patient = { timeoutMs: 2000, graceMs: 1000 };

/**
 * Asks the analyser, the evaluator and the network itself. Silence may come of a machine that has too much to do: it
 * is asked again, with more patience, before it counts.
 */
export async function disagreements(
  lab: TestLab,
  cluster: Cluster,
  questions: readonly Question[],
): Promise<Disagreement[]> {
  const first = await compare(lab, cluster, { questions, patience: hasty });
  const { true: late = [], false: certain = [] } = Object.groupBy(first, (one) =>
    isOfSilence(one) ? 'true' : 'false',
  );
  const questionsAgain = late.map(({ question }) => question);
  return [...certain, ...(await compare(lab, cluster, { questions: questionsAgain, patience: patient }))];
}

/**
 * Whether the result may be what nobody said in time: a connection was taken and no word followed, or an SCTP packet
 * arrived where only its own sender heard it (see `Attempt.silence`).
 */
function isOfSilence({ question, result }: Disagreement): boolean {
  const { outcome, answer } = result;
  if (outcome === 'answered') return answer === undefined;
  return outcome === 'silent' || (question.protocol === 'SCTP' && outcome === 'refused');
}

async function compare(
  lab: TestLab,
  cluster: Cluster,
  { questions, patience }: { questions: readonly Question[]; patience: Patience },
): Promise<Disagreement[]> {
  const objects = objectsOf(cluster);
  const results = await measure(lab, cluster, questions, patience);
  return results.flatMap((result, index) => {
    const question = questions[index];
    if (question === undefined) return [];
    const predicted = predictedAnswers(cluster, question);
    const evaluated = evaluatedAnswers(objects, question);
    // The cluster's own pods are no stand-ins, and cannot say whom they see.
    if (evaluated.some((answer) => answer.includes(' kube-system/'))) return [];
    const measured = measuredAnswer(question, result);
    const all = { question, predicted, evaluated, measured, result };
    return agree(all) ? [] : [all];
  });
}

/** The network is more exact than each of the others in something: how it denies, and how it does not get there. */
function agree({ question, predicted, evaluated, measured }: Disagreement): boolean {
  if (coarse(predicted).join() !== coarse(evaluated).join()) return false;
  if (measured === 'refused' && question.destination.kind === 'node' && evaluated.includes('rejected')) {
    // A node that rejects for a Service sends what it sends where nobody listens: it is asked at its own address.
    return true;
  }
  const isPredicted = predicted.includes(measured === 'rejected' ? 'unreachable' : measured);
  if (measured.startsWith('denied')) return isPredicted && evaluated.includes('denied');
  // Nobody has the address: the last router on the way may say so.
  const nobodys = measured === 'rejected' && evaluated.includes('unreachable');
  return isPredicted && (nobodys || evaluated.includes(measured));
}
