import { parseAddress } from '../../../lib/address.ts';
import { contains, parsePrefix } from '../../../lib/prefix.ts';
import type { RouteTable, UserRoute } from '../../types/fabric.ts';
import { checkAddress } from '../checks.ts';
import { duplicate, forbidden, invalid, required, tooMany, type FieldProblem } from '../problem.ts';
import { ipv4Problems, nameProblems } from './prefixes.ts';

/** Of one table (Azure, azure-subscription-service-limits). */
export const mostRoutes = 400;

/**
 * Destinations as wide as whole networks may hold their own next hop: all that a network sends goes through an appliance
 * in it. A narrower one takes the appliance's own neighbours to it, and is a mistake.
 */
const longestAroundItsHop = 16;

/** Rules for a table of routes by itself. */
export function routeTableProblems({ metadata, spec }: RouteTable): FieldProblem[] {
  const { routes = [] } = spec;
  const named = nameProblems('metadata.name', metadata.name);
  if (routes.length > mostRoutes) return [...named, tooMany('spec.routes', routes.length, mostRoutes)];
  const names = new Set<string>();
  const prefixes = new Set<string>();
  return [
    ...named,
    ...routes.flatMap((route, index) => {
      const path = `spec.routes[${index}]`;
      const problems = [...nameProblems(`${path}.name`, route.name), ...routeProblems(path, route)];
      if (names.has(route.name)) problems.push(duplicate(`${path}.name`, route.name));
      if (prefixes.has(route.prefix)) problems.push(duplicate(`${path}.prefix`, route.prefix));
      names.add(route.name);
      prefixes.add(route.prefix);
      return problems;
    }),
  ];
}

function routeProblems(path: string, { prefix, nextHopType, nextHopAddress }: UserRoute): FieldProblem[] {
  const problems = ipv4Problems(`${path}.prefix`, prefix);
  const hopPath = `${path}.nextHopAddress`;
  if (nextHopType !== 'VirtualAppliance') {
    const isThere = nextHopAddress !== undefined;
    return isThere
      ? [...problems, forbidden(hopPath, `a route to ${nextHopType} has no next hop address`)]
      : problems;
  }
  if (nextHopAddress === undefined)
    return [...problems, required(hopPath, 'the address of an interface that forwards')];
  const wrong = checkAddress(hopPath, nextHopAddress, 'IPv4');
  if (problems.length + wrong.length > 0) return [...problems, ...wrong];
  return insideProblems(hopPath, prefix, nextHopAddress);
}

function insideProblems(path: string, destination: string, hop: string): FieldProblem[] {
  const [prefix, address] = [parsePrefix(destination), parseAddress(hop)];
  if (prefix === undefined || address === undefined || !contains(prefix, address)) return [];
  if (prefix.length <= longestAroundItsHop) return [];
  return [invalid(path, hop, `must not lie in the route's own destination ${destination}`)];
}
