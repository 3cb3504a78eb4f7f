import type { Nftables, NftElement, NftElementChange } from '../../kernel/nft/port.ts';
import type { Family } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import { affinityTypes, servicesTables } from '../../plan/services/skeleton.ts';

/** Who clients of Services with session affinity are bound to: packets write it, and what is void has to go. */
export interface SessionAffinity {
  /** Replaces the endpoints that clients of a Service may be bound to, by the number of the service-port. */
  set(service: string, bound: Bound): void;
  /** Unbinds the clients of endpoints that are gone. Costs nothing when none is. */
  purge(): void;
}

type Bound = ReadonlyMap<number, ReadonlySet<string>>;

type AffinitySet = keyof typeof affinityTypes.IPv4;

export interface SessionAffinityOptions {
  readonly nft: Nftables;
  readonly netns: string;
  readonly family: Family;
}

/** What expired while it was being deleted makes the batch fail; the next look does not find it. */
const mostTries = 3;

export function createSessionAffinity({ nft, netns, family }: SessionAffinityOptions): SessionAffinity {
  const byService = new Map<string, Bound>();
  const current = new Map<number, ReadonlySet<string>>();
  // An earlier process may have left what nobody knows any more.
  let isSuspect = true;

  const elementsOf = (set: AffinitySet): Map<string, NftElement> => {
    const elements = nft.elements(netns, { ...servicesTables[family], set }, affinityTypes[family][set]);
    return new Map(elements.map((element) => [element.key.join(' '), element]));
  };

  const deletions = (set: AffinitySet, element: NftElement | undefined): NftElementChange[] => {
    if (element === undefined) return [];
    const type = affinityTypes[family][set];
    return [{ action: 'delete', ...servicesTables[family], set, type, element }];
  };

  const unbind = (): void => {
    const [addresses, ports] = [elementsOf('bound-addresses'), elementsOf('bound-ports')];
    const isVoid = (client: string): boolean => {
      const endpoint = `${valueOf(addresses.get(client))} ${valueOf(ports.get(client))}`;
      const id = Number(client.slice(0, client.indexOf(' ')));
      return current.get(id)?.has(endpoint) !== true;
    };
    const clients = new Set([...addresses.keys(), ...ports.keys()]);
    const changes = [...clients]
      .filter(isVoid)
      .flatMap((client) => [
        ...deletions('bound-addresses', addresses.get(client)),
        ...deletions('bound-ports', ports.get(client)),
      ]);
    if (changes.length > 0) nft.change(netns, changes);
  };

  return {
    set(service, bound) {
      const before = byService.get(service);
      if (before === undefined && bound.size === 0) return;
      for (const [id, endpoints] of before ?? []) {
        const left = bound.get(id);
        isSuspect ||= [...endpoints].some((endpoint) => left?.has(endpoint) !== true);
        current.delete(id);
      }
      for (const [id, endpoints] of bound) current.set(id, endpoints);
      if (bound.size === 0) byService.delete(service);
      else byService.set(service, bound);
    },
    purge() {
      for (let tries = 1; isSuspect; tries++) {
        try {
          unbind();
          isSuspect = false;
        } catch (error) {
          if (!(error instanceof WeftError) || error.code !== 'nft-conflict' || tries === mostTries)
            throw error;
        }
      }
    },
  };
}

function valueOf(element: NftElement | undefined): string {
  const value = element?.value;
  return value === undefined || 'verdict' in value ? '' : String(value[0]);
}
