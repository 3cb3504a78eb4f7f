import type { ServiceEndpoint } from '../../model/services/port.ts';
import { createIds } from './ids.ts';
import { createSeats } from './seats.ts';

/** What one service-port has numbers for: its endpoints, those of them on the choosing node, and who may come by an address. */
export type Numbered = 'all' | 'local' | `guard ${string}`;

/** Numbers and slots of service-ports, by their keys. */
export interface Numbering {
  idOf(key: string, what: Numbered): number;
  /** The endpoints of a set in the order of their slots; `node` where each node has its own. */
  seat(
    key: string,
    what: Numbered,
    of: { readonly node?: string; readonly endpoints: readonly ServiceEndpoint[] },
  ): readonly ServiceEndpoint[];
  /** The port is no more, and no packet may carry one of its numbers. */
  forget(key: string): void;
}

export function createNumbering(): Numbering {
  const [ids, seats] = [createIds(), createSeats()];
  /** Most ports have one number and one set, both by the key itself; the names of others. */
  const more = new Map<string, Set<string>>();
  const nameOf = (key: string, what: Numbered, node?: string): string => {
    if (what === 'all' && node === undefined) return key;
    const name = `${key}${what === 'all' ? '' : ` ${what}`}${node === undefined ? '' : ` ${node}`}`;
    const names = more.get(key);
    if (names === undefined) more.set(key, new Set([name]));
    else names.add(name);
    return name;
  };
  return {
    idOf: (key, what) => ids.of(nameOf(key, what)),
    seat: (key, what, { node, endpoints }) => seats.take(nameOf(key, what, node), endpoints),
    forget(key) {
      for (const name of [key, ...(more.get(key) ?? [])]) {
        ids.forget(name);
        seats.forget(name);
      }
      more.delete(key);
    },
  };
}
