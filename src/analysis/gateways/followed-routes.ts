import type { Cluster } from '../../model/cluster.ts';
import { frontPods } from '../../model/gateways/front-pods.ts';
import type { BackendRoute, Front } from '../../model/gateways/route.ts';
import { backendRoutesOf } from '../../model/gateways/routes.ts';
import { createBackends, type Backend } from './backends.ts';

/** A route that is followed, to one of its endpoints. */
export interface FollowedRoute {
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
