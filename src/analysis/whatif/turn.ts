import type { Cluster } from '../../model/cluster.ts';
import { indexOf } from '../cluster-index.ts';
import { diffReach, type ConnectionChange } from '../diff/diff.ts';
import type { Flow, Judged, Outcome, Prediction } from '../flow.ts';
import { policyReasons } from '../predict/policy-stage.ts';
import { predict } from '../predict/predict.ts';
import { closingEdits } from './closing.ts';
import { withEdit, type Edit } from './edit.ts';
import { openingEdits } from './opening.ts';
import { networkEdit } from './through-network.ts';

/** What would turn a verdict round, and what else that does. */
export interface Turn {
  /** What it is with all the edits made; more than policies may be in the way. */
  readonly verdict: Prediction['verdict'];
  /** Needed together, in the order in which they are to be made. Never empty. */
  readonly edits: readonly Edit[];
  /** Everything that they open and close, this connection included; undefined in a cluster too large to compare. */
  readonly changes: readonly ConnectionChange[] | undefined;
}

/** A way passes two ends, a Service has several backends, and a rule may be one of several. */
const mostRounds = 8;
/** Comparing takes as long as two answers about all pairs. */
const mostPodsCompared = 3000;

/**
 * A smallest change of policies, security groups and routes that lets through a connection which these stop, or one of policies
 * that denies one that is let through, tried on the cluster: what is told is what the model says with it. Undefined where
 * none of them decides.
 */
export function turnOf(cluster: Cluster, flow: Flow, prediction: Prediction): Turn | undefined {
  const isOpening = prediction.outcomes.some(isStopped);
  if (prediction.doubt !== undefined || prediction.outcomes.some(({ unless }) => unless !== undefined)) {
    return undefined;
  }
  const edits: Edit[] = [];
  let now = { cluster, prediction };
  for (let round = 0; round < mostRounds; round += 1) {
    const next = isOpening ? openedOnce(now) : closedOnce(now);
    if (next === undefined) break;
    edits.push(...next);
    const changed = next.reduce(withEdit, now.cluster);
    now = { cluster: changed, prediction: predict(changed, flow) };
  }
  const isTurned = ({ outcomes }: Prediction): boolean =>
    outcomes.every((outcome) => isStopped(outcome) !== isOpening);
  if (edits.length === 0 || !isTurned(now.prediction)) return undefined;
  const needed = withoutNeedless(edits, (some) => isTurned(predict(some.reduce(withEdit, cluster), flow)));
  const changed = needed.reduce(withEdit, cluster);
  const changes = cluster.pods.size > mostPodsCompared ? undefined : diffReach(cluster, changed).connections;
  return { verdict: predict(changed, flow).verdict, edits: needed, changes };
}

/** A later change may do what an earlier one was made for. */
function withoutNeedless(
  all: readonly Edit[],
  isEnough: (some: readonly Edit[]) => boolean,
): readonly Edit[] {
  let edits = all;
  for (const edit of all) {
    const others = edits.filter((one) => one !== edit);
    if (others.length > 0 && isEnough(others)) edits = others;
  }
  return edits;
}

interface Standing {
  readonly cluster: Cluster;
  readonly prediction: Prediction;
}

/** By a policy, or by what somebody wrote of a virtual network. */
const isStopped = ({ verdict, barrier }: Outcome): boolean => verdict === 'denied' || barrier !== undefined;

/** What lets the first of the ways that are stopped past what it ends at; undefined when none is. */
function openedOnce({ cluster, prediction }: Standing): Edit[] | undefined {
  const barrier = prediction.outcomes.find((one) => one.barrier !== undefined)?.barrier;
  if (barrier !== undefined) {
    const edit = networkEdit(cluster, barrier);
    return edit && [edit];
  }
  const judged = outcomeWith(prediction, 'denied')?.judged?.at(-1);
  if (judged === undefined) return undefined;
  const enough = openingEdits(indexOf(cluster), judged).find((edit) =>
    isOpen(withEdit(cluster, edit), judged),
  );
  return enough && [enough];
}

function isOpen(cluster: Cluster, judged: Judged): boolean {
  return policyReasons(indexOf(cluster), judged, undefined).verdict === 'allowed';
}

/** What stops the first of the ways that are open at one of its ends: where that takes less. */
function closedOnce({ cluster, prediction }: Standing): Edit[] | undefined {
  const open = outcomeWith(prediction, 'allowed');
  const ways = (open?.judged ?? []).toReversed().flatMap((judged) => {
    if (isAbovePolicies(cluster, judged)) return [];
    const edits = closingEdits(cluster, judged);
    return edits === undefined ? [] : [edits];
  });
  const costOf = (edits: readonly Edit[]): number =>
    edits.length + edits.filter(({ action }) => action === 'create').length * mostRounds;
  return ways.toSorted((a, b) => costOf(a) - costOf(b))[0];
}

/** Whether no policy has a say: the same is let through whatever policies there are. */
function isAbovePolicies(cluster: Cluster, judged: Judged): boolean {
  const { reasons } = policyReasons(indexOf(cluster), judged, undefined);
  return (
    reasons.some(({ object, action }) => action === undefined && !object.startsWith('Pod ')) ||
    judged.address === judged.peerAddress
  );
}

function outcomeWith({ outcomes }: Prediction, verdict: Outcome['verdict']): Outcome | undefined {
  return outcomes.find((one) => one.verdict === verdict);
}
