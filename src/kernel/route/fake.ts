import { messageOf, WeftError } from '../../lib/errors.ts';
import type { NetworkNamespaces } from '../netns/port.ts';
import { addFakeLink, deleteFakeLink, setFakeLink } from './fake-links.ts';
import {
  changeFakeAddress,
  changeFakeFdb,
  changeFakeNeighbour,
  changeFakeRoute,
  changeFakeRule,
} from './fake-routes.ts';
import { FakeStates, type FakeState } from './fake-state.ts';
import type { RouteFailure, RouteNetlink, RouteOperation } from './port.ts';
import { failureOf, Refusal } from './refusal.ts';

/**
 * rtnetlink in memory: keeps links (both ends of a veth), addresses, routes and entries per namespace, and
 * refuses with the kernel's errno what the kernel refuses. It knows no packets and no connected routes.
 */
export function createFakeRouteNetlink(dependencies: {
  readonly namespaces: NetworkNamespaces;
}): RouteNetlink {
  const states = new FakeStates(dependencies.namespaces);
  return {
    apply(namespace, operations) {
      if (operations.length === 0) return [];
      const state = states.of(namespace);
      return operations.flatMap((operation) => tryOperation(states, state, operation));
    },
    dump(namespace) {
      const { links, addresses, routes, rules, neighbours, fdb } = states.of(namespace);
      return {
        links: new Map([...links].map(([name, { link }]) => [name, { ...link }])),
        addresses: [...addresses],
        routes: [...routes],
        ...(rules.length > 0 && { rules: [...rules] }),
        neighbours: [...neighbours],
        fdb: [...fdb],
      };
    },
    forget() {},
    close() {},
  };
}

function tryOperation(states: FakeStates, state: FakeState, operation: RouteOperation): RouteFailure[] {
  const stateOf = (namespace: string): FakeState => {
    try {
      return states.of(namespace);
    } catch (error) {
      if (error instanceof WeftError) throw new Refusal('ENOENT', messageOf(error));
      throw error;
    }
  };
  try {
    carryOut(state, operation, stateOf);
    return [];
  } catch (error) {
    if (error instanceof Refusal) return [failureOf(operation, error)];
    throw error;
  }
}

function carryOut(
  state: FakeState,
  operation: RouteOperation,
  stateOf: (namespace: string) => FakeState,
): void {
  const add = operation.action.startsWith('add-');
  if ('name' in operation) deleteFakeLink(state, operation.name);
  else if ('link' in operation) {
    if (add) addFakeLink(state, operation.link, stateOf);
    else setFakeLink(state, operation.link);
  } else if ('address' in operation) changeFakeAddress(state, operation.address, add);
  else if ('route' in operation) changeFakeRoute(state, operation.route, add);
  else if ('rule' in operation) changeFakeRule(state, operation.rule, add);
  else if ('neighbour' in operation) changeFakeNeighbour(state, operation.neighbour, add);
  else changeFakeFdb(state, operation.entry, add);
}
