import type { UserRoute } from '../../../api/types/fabric.ts';
import { contains, parsePrefix } from '../../../lib/prefix.ts';
import type { NodePlace } from '../../network/topology.ts';

/** A route table holds no more (Azure's limit). */
const mostRoutes = 400;

/** What a route table should hold, and whom it has no room for. */
export interface NodeRoutes {
  readonly routes: readonly UserRoute[];
  /** Names of nodes without a route. */
  readonly left: readonly string[];
}

export interface NodeRoutesOptions {
  /** Ranges of the cluster's pods: routes into them are the cluster's, all others somebody else's. */
  readonly podCidrs: readonly string[];
}

/**
 * The routes by which a virtual network finds the pods of nodes: to each node's block by the node itself, under the node's
 * name (cloud-provider-azure, `CreateRoute`). Routes of others stay as they are. Where not all fit, nodes that have theirs
 * keep it, and then the first by name come.
 */
export function nodeRoutes(
  before: readonly UserRoute[],
  nodes: readonly NodePlace[],
  { podCidrs }: NodeRoutesOptions,
): NodeRoutes {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const others = routesOfOthers(before, new Set(byName.keys()), { podCidrs });
  const known = before.filter(({ name }) => byName.has(name)).map(({ name }) => name);
  const wanted = [...new Set([...known, ...[...byName.keys()].toSorted()])];
  const room = Math.max(0, mostRoutes - others.length);
  const routes = wanted.slice(0, room).flatMap((name) => {
    const node = byName.get(name);
    return node === undefined ? [] : [routeTo(node)];
  });
  return { routes: [...others, ...routes], left: wanted.slice(room) };
}

/** The routes of a table that are not the cluster's; `nodes` are names. */
export function routesOfOthers(
  routes: readonly UserRoute[],
  nodes: ReadonlySet<string>,
  { podCidrs }: NodeRoutesOptions,
): readonly UserRoute[] {
  return routes.filter(({ name, prefix }) => !nodes.has(name) && !isWithin(podCidrs, prefix));
}

function routeTo({ name, podCidr, address }: NodePlace): UserRoute {
  return { name, prefix: podCidr, nextHopType: 'VirtualAppliance', nextHopAddress: address };
}

function isWithin(ranges: readonly string[], text: string): boolean {
  const prefix = parsePrefix(text);
  return ranges.some((range) => {
    const outer = parsePrefix(range);
    return (
      outer !== undefined &&
      prefix !== undefined &&
      outer.length <= prefix.length &&
      contains(outer, prefix.network)
    );
  });
}
