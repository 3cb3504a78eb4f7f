import type { Cluster } from '../model/cluster.ts';
import { indexOf } from './cluster-index.ts';
import type { Flow, FlowEnd, Prediction } from './flow.ts';
import type { Doubt } from './reach/doubt.ts';

/** A prediction about ends that are in doubt: unknown, for what nobody could read may deny as well as allow. */
export function doubted(
  cluster: Cluster,
  flow: Pick<Flow, 'source' | 'destination'>,
  { prediction, doubts }: { readonly prediction: Prediction; readonly doubts: readonly Doubt[] },
): Prediction {
  if (doubts.length === 0) return prediction;
  const { source, destination } = flow;
  const target =
    destination.kind === 'service' || destination.kind === 'domain' ? [] : [podIn(cluster, destination)];
  const backends = prediction.outcomes.map(({ backend }) => backend);
  const namespaces = new Set(
    [podIn(cluster, source), ...target, ...backends].map((key) => key?.slice(0, key.indexOf('/'))),
  );
  namespaces.delete(undefined);
  // Where there is no pod, there is no policy either.
  const doubt = doubts.find(({ namespace }) =>
    namespace === undefined ? namespaces.size > 0 : namespaces.has(namespace),
  );
  if (doubt === undefined) return prediction;
  return { ...prediction, verdict: 'unknown', why: doubt.why, doubt: doubt.why };
}

function podIn(cluster: Cluster, end: FlowEnd): string | undefined {
  if (end.kind === 'pod') return end.key;
  return end.kind === 'address' ? indexOf(cluster).podAt.get(end.address) : undefined;
}
