import type { ServicePortModel } from '../../model/services/port.ts';

/** Whether Services send new connections to a pod's address, or once did. */
export type EndpointState = 'now' | 'before' | 'never';

/** Which pods are endpoints of Services: a pod that goes must not go before the last Service knows it. */
export interface EndpointIndex {
  /** Replaces what the Service sends to. */
  set(service: string, ports: readonly ServicePortModel[]): void;
  stateOf(pod: string, address: string): EndpointState;
  /** Forgets that it ever was an endpoint. */
  forget(pod: string, address: string): void;
}

export function createEndpointIndex(): EndpointIndex {
  const byService = new Map<string, ReadonlySet<string>>();
  /** How many Services send to an endpoint; those that had one stay, with 0. */
  const counts = new Map<string, number>();
  const add = (id: string, difference: number): void => {
    counts.set(id, (counts.get(id) ?? 0) + difference);
  };
  return {
    set(service, ports) {
      const endpoints = ports.flatMap((port) => port.endpoints);
      const after = new Set(
        endpoints.flatMap(({ pod, address }) => (pod === undefined ? [] : idOf(pod, address))),
      );
      for (const id of byService.get(service) ?? []) add(id, -1);
      for (const id of after) add(id, 1);
      if (after.size === 0) byService.delete(service);
      else byService.set(service, after);
    },
    stateOf(pod, address) {
      const count = counts.get(idOf(pod, address));
      if (count === undefined) return 'never';
      return count > 0 ? 'now' : 'before';
    },
    forget(pod, address) {
      const id = idOf(pod, address);
      if (counts.get(id) === 0) counts.delete(id);
    },
  };
}

/** What Services do with any of a pod's addresses. */
export function stateOfAll(index: EndpointIndex, pod: string, addresses: readonly string[]): EndpointState {
  const states = addresses.map((address) => index.stateOf(pod, address));
  return (['now', 'before'] as const).find((state) => states.includes(state)) ?? 'never';
}

/** A pod of the same name may come back with another address. */
const idOf = (pod: string, address: string): string => `${pod} ${address}`;
