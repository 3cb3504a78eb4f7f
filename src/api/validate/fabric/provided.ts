import type { Subnet, VirtualNetwork } from '../../types/fabric.ts';
import { sameJson } from '../../../lib/same-json.ts';
import { forbidden, type FieldProblem } from '../problem.ts';

/** What only the users of networks of their own decide (AKS, concepts-network: networks that the service creates). */
const guarded = ['routeTable', 'serviceEndpoints'] as const satisfies readonly (keyof Subnet)[];

/**
 * A network that a provider made refuses changes to its routes and endpoints by others. Who wants to make them says that
 * the network is a user's from now on, in the same change.
 */
export function providedProblems(network: VirtualNetwork, previous: VirtualNetwork): FieldProblem[] {
  const isProvided = ({ spec }: VirtualNetwork): boolean => spec.provisionedBy === 'provider';
  if (!isProvided(previous) || !isProvided(network)) return [];
  return (network.spec.subnets ?? []).flatMap((subnet, index) => {
    const before = previous.spec.subnets?.find(({ name }) => name === subnet.name);
    return guarded
      .filter((field) => !sameJson(subnet[field] ?? null, before?.[field] ?? null))
      .map((field) => forbidden(`spec.subnets[${index}].${field}`, why));
  });
}

const why = "the network is its provider's; to change this, set spec.provisionedBy to user with it";
