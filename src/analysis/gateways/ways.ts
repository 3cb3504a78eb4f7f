import type { Cluster } from '../../model/cluster.ts';
import { frontPods } from '../../model/gateways/front-pods.ts';
import type { BackendRoute, Front } from '../../model/gateways/route.ts';
import { backendRoutesOf } from '../../model/gateways/routes.ts';
import { indexOf } from '../cluster-index.ts';
import type { Verdict } from '../flow.ts';
import { predict } from '../predict/predict.ts';
import { createBackends, type Backend } from './backends.ts';
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

/** A route that is followed, to one of its endpoints. */
interface FollowedRoute {
  readonly route: BackendRoute;
  readonly backend: Backend;
  /** Keys of the pods that pass its requests on; none where they are not known. */
  readonly pods: readonly string[];
}

/** Every route that nothing refuses and that leads to a Service, to each of its endpoints. */
export function* followedRoutes({ routes, podsOf, backendsOf }: Gateways): Generator<FollowedRoute> {
  for (const route of routes) {
    const found = backendsOf(route);
    if (route.refusal !== undefined || 'missing' in found) continue;
    const pods = podsOf(route.front);
    for (const backend of found.backends) yield { route, backend, pods };
  }
}

/** Every route, who passes its requests on, and whom it leads to. */
export interface Gateways {
  readonly routes: readonly BackendRoute[];
  /** Keys of the pods behind a front; none where they are not known. */
  readonly podsOf: (front: Front) => readonly string[];
  readonly backendsOf: ReturnType<typeof createBackends>;
}

export function gatewaysOf(cluster: Cluster): Gateways {
  const known = new Map<string, readonly string[]>();
  return {
    routes: backendRoutesOf(cluster),
    podsOf(front) {
      const name = frontName(front);
      const pods = known.get(name) ?? frontPods(cluster, front);
      known.set(name, pods);
      return pods;
    },
    backendsOf: createBackends(cluster),
  };
}

/** As answers write it: `nginx[IngressClass]`, `infra/edge[Gateway]`. */
export const frontName = ({ kind, key }: Front): string => `${key === '' ? '(default)' : key}[${kind}]`;

/** On what it depends that is said of pods which nobody described. */
export const whoPassesOn = (front: Front): string =>
  `policies let pods in by their labels, and those that pass requests on for ${frontName(front)} are not described`;

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
