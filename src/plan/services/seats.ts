import type { ServiceEndpoint } from '../../model/services/port.ts';

/** In which slot each endpoint of a set is. */
export interface Seats {
  /**
   * The endpoints in the order of their slots. Whoever had one keeps it; who is new, or had one of those that are no more,
   * takes what others left, and then the next. So a change costs as many slots as it has endpoints, wherever among the
   * others the API has them. A set that was never asked for is in the order that is given.
   */
  take(set: string, endpoints: readonly ServiceEndpoint[]): readonly ServiceEndpoint[];
  forget(set: string): void;
}

export function createSeats(): Seats {
  const taken = new Map<string, readonly ServiceEndpoint[]>();
  return {
    take(set, endpoints) {
      const before = taken.get(set);
      const after = before === undefined ? endpoints : seated(before, endpoints);
      taken.set(set, after);
      return after;
    },
    forget: (set) => void taken.delete(set),
  };
}

function seated(
  before: readonly ServiceEndpoint[],
  endpoints: readonly ServiceEndpoint[],
): readonly ServiceEndpoint[] {
  const standing = new Map(endpoints.map((endpoint) => [idOf(endpoint), endpoint]));
  const kept = before.slice(0, endpoints.length).map((old) => {
    const found = standing.get(idOf(old));
    standing.delete(idOf(old));
    return found;
  });
  const next = standing.values();
  return endpoints.map((endpoint, slot) => kept[slot] ?? next.next().value ?? endpoint);
}

const idOf = ({ address, port }: ServiceEndpoint): string => `${address} ${port}`;
