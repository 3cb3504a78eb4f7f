import { fabricResources, resources } from '../../api/resources.ts';
import type { Condition } from '../../api/types/meta.ts';
import type { Node } from '../../api/types/core.ts';
import type { RouteTable, VirtualNetwork } from '../../api/types/fabric.ts';
import type { Clock } from '../../lib/clock.ts';
import { sameJson } from '../../lib/same-json.ts';
import { nodeRoutes } from '../../model/fabric/network/node-routes.ts';
import { subnetAt } from '../../model/fabric/network/subnets.ts';
import { modelTraits } from '../../model/network/models.ts';
import { placeOf } from '../../model/network/places.ts';
import type { NodePlace } from '../../model/network/topology.ts';
import { done, type Outcome } from '../../reconcile/outcome.ts';
import { forEachBounded } from '../bounded.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from '../controller.ts';

/** Changes that come within this time are one change of the table. */
const gatherMs = 20;
const everything = 'tables';

/**
 * Keeps a route to the pods of every node in the route table of the node's subnet, in the models whose pods have blocks of
 * addresses that only users' routes lead to (kubenet). A node for whose route a table has no room has the condition
 * NetworkUnavailable, as upstream's route controller sets it, and an Event.
 */
export function createNodeRoutesController(context: ControllerContext): Controller {
  const { wiring, world } = modelTraits[context.config.model];
  if (world !== 'virtual-network' || wiring.kind !== 'bridged')
    return controllerOf('node-routes', [], () => []);
  return controllerFor(context);
}

function controllerFor({ client, config, clock, log, cache, events }: ControllerContext): Controller {
  const networks = client.informer<VirtualNetwork>(fabricResources.virtualnetworks);
  const tables = client.informer<RouteTable>(fabricResources.routetables);
  const ready = Promise.all([networks.synced, tables.synced]);

  /** The nodes whose subnet has this route table. */
  const nodesOf = (table: string): { node: Node; place: NodePlace }[] =>
    [...cache.nodes.values()].flatMap((node) => {
      const place = placeOf(node, config.model);
      if (place === undefined) return [];
      const found = subnetAt(networks.values(), place.address);
      return found?.subnet.routeTable === table ? [{ node, place }] : [];
    });

  async function reconcile(): Promise<Outcome> {
    await ready;
    await forEachBounded([...tables.values()], settle);
    return done;
  }

  async function settle(table: RouteTable): Promise<void> {
    const nodes = nodesOf(table.metadata.name);
    const before = table.spec.routes ?? [];
    const { routes, left } = nodeRoutes(
      before,
      nodes.map(({ place }) => place),
      config,
    );
    if (!sameJson(routes, before)) {
      await client.update(fabricResources.routetables, {
        ...table,
        spec: { ...table.spec, routes: [...routes] },
      });
    }
    const without = new Set(left);
    await forEachBounded(nodes, ({ node }) => tell(node, table, !without.has(node.metadata.name)));
  }

  async function tell(
    node: Node,
    { metadata: { name: table } }: RouteTable,
    hasRoute: boolean,
  ): Promise<void> {
    const told = node.status?.conditions?.find(({ type }) => type === 'NetworkUnavailable');
    const condition = hasRoute ? created(clock) : missing(clock, table);
    if (told?.status === condition.status && told.reason === condition.reason) return;
    // On the version that was read: who reports on the same node must not lose its own conditions.
    const others = node.status?.conditions?.filter(({ type }) => type !== condition.type) ?? [];
    const status = { ...node.status, conditions: [...others, condition] };
    await client.updateStatus(resources.nodes, { ...node, status });
    if (!hasRoute) events.warn(node, 'FailedToCreateRoute', condition.message ?? '');
  }

  const reconciler = reconcilerFor({ clock, log }, 'node-routes', reconcile);
  const look = (): void => reconciler.enqueueAfter(everything, gatherMs);
  return controllerOf('node-routes', [reconciler], () => [
    cache.nodes.onChange(({ previous, current }) => {
      if (!isSame(previous, current)) look();
    }),
    networks.onChange(look),
    tables.onChange(look),
  ]);
}

/** Whether nothing that routes depend on has changed: heartbeats do not count. */
function isSame(previous: Node | undefined, current: Node | undefined): boolean {
  const partOf = (node: Node | undefined): unknown =>
    node && [
      node.spec?.podCIDR,
      node.status?.addresses,
      node.status?.conditions?.find(({ type }) => type === 'NetworkUnavailable')?.status,
    ];
  return sameJson(partOf(previous), partOf(current));
}

function created(clock: Clock): Condition {
  return {
    type: 'NetworkUnavailable',
    status: 'False',
    reason: 'RouteCreated',
    message: 'a route leads to the pods of the node',
    lastTransitionTime: timestamp(clock.now()),
  };
}

function missing(clock: Clock, table: string): Condition {
  return {
    type: 'NetworkUnavailable',
    status: 'True',
    reason: 'NoRouteCreated',
    message: `RouteTable ${table} holds as many routes as it may: nobody finds the pods of this node; delete nodes or routes, or use azure-cni-overlay`,
    lastTransitionTime: timestamp(clock.now()),
  };
}
