import type { Cluster } from '../../model/cluster.ts';
import type { BackendRoute } from '../../model/gateways/route.ts';
import { indexOf } from '../cluster-index.ts';
import type { Verdict } from '../flow.ts';
import { predict } from '../predict/predict.ts';
import type { Backend } from './backends.ts';
import {
  followedRoutes,
  gatewaysOf,
  whoPassesOn,
  type FollowedRoute,
  type Gateways,
} from './followed-routes.ts';
import { judgeStranger } from './stranger.ts';

/** A request's way in, by an Ingress or a route of Gateway API: from whoever passes it on to one endpoint. */
export interface RoutedWay {
  readonly route: BackendRoute;
  readonly backend: Backend;
  /** Every one that may come out, where it depends on the pod that passes requests on. */
  readonly verdicts: readonly Verdict[];
  /** The source addresses that the endpoint may see; none where nobody knows who passes requests on. */
  readonly sourcesSeen: readonly string[];
  /** On what an unknown verdict depends. */
  readonly why: string | undefined;
}

/** What becomes of the connections by which requests from outside are passed on; routes that nobody follows have none. */
export function routedWays(cluster: Cluster, gateways: Gateways = gatewaysOf(cluster)): RoutedWay[] {
  return Array.from(followedRoutes(gateways), (way) => wayTo(cluster, way));
}

function wayTo(cluster: Cluster, { route, backend, pods }: FollowedRoute): RoutedWay {
  const { pod, protocol, port, address } = backend;
  if (pods.length === 0) {
    const { verdict } =
      pod === undefined
        ? { verdict: 'unknown' as const }
        : judgeStranger(indexOf(cluster), { pod, protocol, port });
    const why = verdict === 'unknown' ? whoPassesOn(route.front) : undefined;
    return { route, backend, verdicts: [verdict], sourcesSeen: [], why };
  }
  const destination =
    pod === undefined ? ({ kind: 'address', address } as const) : ({ kind: 'pod', key: pod } as const);
  const answers = pods.map((key) =>
    predict(cluster, { source: { kind: 'pod', key }, destination, protocol, port }),
  );
  const seen = answers.flatMap(({ outcomes }) => outcomes.flatMap(({ sourceSeen }) => sourceSeen ?? []));
  return {
    route,
    backend,
    verdicts: [...new Set(answers.map(({ verdict }) => verdict))].sort(),
    sourcesSeen: [...new Set(seen)].sort(),
    why: answers.find(({ verdict }) => verdict === 'unknown')?.why,
  };
}
