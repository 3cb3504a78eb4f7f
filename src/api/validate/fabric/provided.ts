import type { Node } from '../../types/core.ts';
import type { RouteTable, Subnet, UserRoute, VirtualNetwork } from '../../types/fabric.ts';
import { sameJson } from '../../../lib/same-json.ts';
import { forbidden, type FieldProblem } from '../problem.ts';

/** What only the users of networks of their own decide (AKS, concepts-network: networks that the service creates). */
const guarded = ['routeTable', 'serviceEndpoints'] as const satisfies readonly (keyof Subnet)[];

/**
 * A network that a provider made refuses changes to its routes and endpoints by others. Who wants to make them says that
 * the network is a user's from now on, in the same change.
 */
export function providedProblems(network: VirtualNetwork, previous: VirtualNetwork): FieldProblem[] {
  if (!isProvided(previous) || !isProvided(network)) return [];
  return (network.spec.subnets ?? []).flatMap((subnet, index) => {
    const before = previous.spec.subnets?.find(({ name }) => name === subnet.name);
    return guarded
      .filter((field) => !sameJson(subnet[field] ?? null, before?.[field] ?? null))
      .map((field) => forbidden(`spec.subnets[${index}].${field}`, why));
  });
}

const isProvided = ({ spec }: VirtualNetwork): boolean => spec.provisionedBy === 'provider';

/** What a table is used by, and for. */
interface TableUse {
  readonly networks: readonly VirtualNetwork[];
  readonly nodes: readonly Node[];
}

/**
 * So does the route table of such a network: all it takes are routes to nodes, under their names, which the cluster makes.
 * What goes from it is the cluster's, and comes back.
 */
export function providedTableProblems(
  { metadata, spec }: RouteTable,
  previous: RouteTable | undefined,
  { networks, nodes }: TableUse,
): FieldProblem[] {
  const network = networks.find(
    (one) =>
      isProvided(one) && one.spec.subnets?.some(({ routeTable }) => routeTable === metadata.name) === true,
  );
  if (network === undefined) return [];
  const why = `the network ${network.metadata.name} is its provider's; set its spec.provisionedBy to user for routes of your own`;
  const known = previous?.spec.routes ?? [];
  const byName = new Map(nodes.map((node) => [node.metadata.name, node]));
  const problems = (spec.routes ?? []).flatMap((route, index) => {
    const isAsBefore = known.some((one) => sameJson(one, route));
    return isAsBefore || leadsTo(route, byName.get(route.name))
      ? []
      : [forbidden(`spec.routes[${index}]`, why)];
  });
  const [hides, hid] = [spec, previous?.spec].map((one) => one?.disableBgpRoutePropagation === true);
  return hides === hid ? problems : [...problems, forbidden('spec.disableBgpRoutePropagation', why)];
}

function leadsTo({ nextHopType, nextHopAddress }: UserRoute, node: Node | undefined): boolean {
  const addresses = node?.status?.addresses ?? [];
  return nextHopType === 'VirtualAppliance' && addresses.some(({ address }) => address === nextHopAddress);
}

const why = "the network is its provider's; to change this, set spec.provisionedBy to user with it";
