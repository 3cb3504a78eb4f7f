import type { Cluster } from '../model/cluster.ts';
import { indexOf } from './cluster-index.ts';
import type { Flow, FlowEnd, Prediction } from './flow.ts';
import { predict } from './predict/predict.ts';
import type { Doubt } from './reach/doubt.ts';
import type { Bounds } from './ungiven-namespaces.ts';

export interface PredictionDoubts {
  readonly prediction: Prediction;
  readonly doubts: readonly Doubt[];
  readonly bounds?: Bounds | undefined;
}

/** A prediction about ends that are in doubt: unknown, for what nobody could read may deny as well as allow. */
export function doubted(
  cluster: Cluster,
  flow: Flow,
  { prediction, doubts, bounds }: PredictionDoubts,
): Prediction {
  const unlabelled = bounds === undefined || isSameWithin(bounds, flow) ? undefined : bounds.why;
  const why = unlabelled ?? doubtAbout(cluster, flow, { prediction, doubts });
  return why === undefined ? prediction : { ...prediction, verdict: 'unknown', why, doubt: why };
}

/** Whether it comes to the same whatever the labels are that nobody knows. */
function isSameWithin({ least, most }: Bounds, flow: Flow): boolean {
  const verdicts = ({ outcomes }: Prediction): string => outcomes.map(({ verdict }) => verdict).join();
  return verdicts(predict(least, flow)) === verdicts(predict(most, flow));
}

function doubtAbout(
  cluster: Cluster,
  flow: Flow,
  { prediction, doubts }: PredictionDoubts,
): string | undefined {
  if (doubts.length === 0) return undefined;
  const { source, destination } = flow;
  const target =
    destination.kind === 'service' || destination.kind === 'domain' ? [] : [podIn(cluster, destination)];
  const backends = prediction.outcomes.map(({ backend }) => backend);
  const namespaces = new Set(
    [podIn(cluster, source), ...target, ...backends].map((key) => key?.slice(0, key.indexOf('/'))),
  );
  namespaces.delete(undefined);
  // Where there is no pod, there is no policy either.
  return doubts.find(({ namespace }) =>
    namespace === undefined ? namespaces.size > 0 : namespaces.has(namespace),
  )?.why;
}

function podIn(cluster: Cluster, end: FlowEnd): string | undefined {
  if (end.kind === 'pod') return end.key;
  return end.kind === 'address' ? indexOf(cluster).podAt.get(end.address) : undefined;
}
