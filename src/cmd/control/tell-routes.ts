import { layer2Resources } from '../../api/resources.ts';
import { apiCode } from '../../client/errors.ts';
import type { Client } from '../../client/port.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { sameJson } from '../../lib/same-json.ts';
import { domainsOf } from '../../model/fabric/layer2/domains.ts';
import type { ClusterRanges } from '../../model/fabric/layer2/node-routes.ts';
import { routeProblems, type Layer2Objects } from '../../model/fabric/layer2/world.ts';
import { done } from '../../reconcile/outcome.ts';
import { createReconciler } from '../../reconcile/reconciler.ts';

/** Says in the status of NodeRoutes whose machines have them: who adds a route waits for it. */
export interface RouteTeller {
  /** The kernel has what these objects say, on the machines of these nodes. */
  tell(objects: Layer2Objects, nodes: readonly string[], ranges: ClusterRanges): void;
}

const kind = layer2Resources.noderoutes;

export function createRouteTeller({ client, log }: { client: Client; log: Log }): RouteTeller {
  /** By the name of the route: as it is now, and as the API was told. */
  let current = new Map<string, Taken>();
  let told = new Map<string, Taken>();
  const reconciler = createReconciler({
    name: 'noderoute-nodes',
    clock: systemClock,
    log,
    async reconcile(name) {
      const taken = current.get(name);
      if (taken === undefined || sameJson(told.get(name), taken)) return done;
      const { uid, nodes } = taken;
      // The uid keeps it from a route that has taken the name meanwhile.
      const body = { ...(uid !== undefined && { metadata: { uid } }), status: { nodes } };
      await client.patch(kind, { name }, { subresource: 'status', body }).catch(ignoreGone);
      told.set(name, taken);
      return done;
    },
  });
  reconciler.start();
  return {
    tell({ routes, machines, segments, switches }, nodes, ranges) {
      const domains = domainsOf(segments, switches);
      const problems = routeProblems(routes, { machines, domains, nodes, ranges });
      current = new Map(
        routes.map(({ metadata: { name, uid } }) => {
          const without = new Set(problems.get(name)?.map(({ node }) => node));
          return [name, { uid, nodes: nodes.filter((node) => !without.has(node)) }];
        }),
      );
      told = new Map([...told].filter(([name]) => current.has(name)));
      for (const name of current.keys()) reconciler.enqueue(name);
    },
  };
}

interface Taken {
  readonly uid: string | undefined;
  readonly nodes: readonly string[];
}

function ignoreGone(thrown: unknown): void {
  if (apiCode(thrown) !== 'api-not-found') throw thrown;
}
