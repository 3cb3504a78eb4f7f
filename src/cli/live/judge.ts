import type { LiveCell } from '../../analysis/reach/live-cells.ts';
import type { ProbeResult } from '../../workload/port.ts';
import { verdictOf } from './measured.ts';

/** How a real packet compares with what was predicted of it. */
export type Judgement =
  | { readonly state: 'right' }
  | { readonly state: 'wrong' | 'unknown' | 'ignored'; readonly why: string };

/**
 * Right is what one of the predicted outcomes says in everything: the verdict and, where somebody answers, who it is
 * and which source address it sees. `saysNothing` tells pods that are known to answer without saying either.
 */
export function judge(
  cell: LiveCell,
  result: ProbeResult,
  saysNothing: (podKey: string) => boolean,
): Judgement {
  const verdict = verdictOf(result);
  const alike = cell.outcomes.filter((outcome) => outcome.verdict === verdict);
  if (alike.length === 0) {
    const predicted = [...new Set(cell.outcomes.map((outcome) => outcome.verdict))].join(' or ');
    return { state: 'wrong', why: `it is ${verdict} and not ${predicted}` };
  }
  if (verdict !== 'allowed') return right;
  const { answer } = result;
  if (answer === undefined) {
    const pods = alike.map((outcome) => answeringPod(cell, outcome));
    return pods.every((pod) => pod !== undefined && saysNothing(pod))
      ? { state: 'ignored', why: 'the verdict is right; the cluster DNS does not say whom it sees' }
      : { state: 'unknown', why: 'what answered does not say whom it sees' };
  }
  const answering = alike.filter((outcome) => answeringPod(cell, outcome) === answer.pod);
  if (answering.length === 0) {
    const predicted = alike.map((outcome) => answeringPod(cell, outcome)).join(' or ');
    return { state: 'wrong', why: `${answer.pod} answers and not ${predicted}` };
  }
  if (answering.some(({ sourceSeen }) => sourceSeen === answer.source)) return right;
  const predicted = answering.map(({ sourceSeen }) => sourceSeen).join(' or ');
  return { state: 'wrong', why: `${answer.pod} sees ${answer.source} and not ${predicted}` };
}

const right: Judgement = { state: 'right' };

function answeringPod(
  { destination }: LiveCell,
  { backend }: LiveCell['outcomes'][number],
): string | undefined {
  return backend ?? (destination.kind === 'pod' ? destination.key : undefined);
}
