import type { Clock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';

/** An address that a domain name was said to have, until a moment in milliseconds since the epoch. */
export interface KnownAddress {
  readonly name: string;
  readonly address: string;
  readonly until: number;
}

/** Which addresses domain names have, for as long as they were said to have them. */
export interface AddressBook {
  /** Throws `domain-addresses-too-many`; what it knew before stays. */
  learn(name: string, addresses: readonly string[], ttlMs: number): void;
  addressesOf(name: string): string[];
  /** All names with the addresses that they have by now. */
  current(): ReadonlyMap<string, readonly string[]>;
  /** The names that have the address, or had it not too long ago: connections may be left from then. */
  namesAt(address: string): readonly string[];
  /** Everything, also what is past. */
  entries(): Iterable<KnownAddress>;
  /** Starts with what an earlier process knew. */
  restore(entries: Iterable<KnownAddress>): void;
  stop(): void;
}

export interface AddressBookOptions {
  readonly clock: Clock;
  /** The addresses of a name are others than before. */
  readonly onChange: (name: string) => void;
}

/** Of one name, and of all together: the kernel holds every one of them for every policy that names it. */
export const mostAddresses = { ofName: 500, together: 10_000 } as const;
/** Of addresses that are past, as many are remembered. */
const mostPast = 10_000;
/** What was past for longer when this process began is forgotten. */
const longestPastMs = 24 * 3_600_000;

interface Entry {
  readonly until: number;
  readonly cancel: () => void;
}

export function createAddressBook({ clock, onChange }: AddressBookOptions): AddressBook {
  const live = new Map<string, Map<string, Entry>>();
  /** By `name address`, the longest past first. */
  const past = new Map<string, KnownAddress>();
  const namesByAddress = new Map<string, Set<string>>();
  let count = 0;

  const isKnown = (name: string, address: string): boolean =>
    live.get(name)?.has(address) === true || past.has(`${name} ${address}`);

  function unindex({ name, address }: Omit<KnownAddress, 'until'>): void {
    const names = namesByAddress.get(address);
    if (names === undefined || isKnown(name, address)) return;
    names.delete(name);
    if (names.size === 0) namesByAddress.delete(address);
  }

  function keepPast(known: KnownAddress): void {
    past.set(`${known.name} ${known.address}`, known);
    index(known);
    if (past.size <= mostPast) return;
    const [oldest] = past.values();
    if (oldest === undefined) return;
    past.delete(`${oldest.name} ${oldest.address}`);
    unindex(oldest);
  }

  function index({ name, address }: Omit<KnownAddress, 'until'>): void {
    let names = namesByAddress.get(address);
    if (names === undefined) namesByAddress.set(address, (names = new Set()));
    names.add(name);
  }

  function expire(known: KnownAddress): void {
    const addresses = live.get(known.name);
    if (addresses?.delete(known.address) !== true) return;
    count -= 1;
    if (addresses.size === 0) live.delete(known.name);
    keepPast(known);
    onChange(known.name);
  }

  /** True for an address that the name did not have. */
  function set(known: KnownAddress): boolean {
    const { name, address, until } = known;
    let addresses = live.get(name);
    if (addresses === undefined) live.set(name, (addresses = new Map()));
    const before = addresses.get(address);
    if (before !== undefined && before.until >= until) return false;
    before?.cancel();
    if (before === undefined) count += 1;
    const cancel = clock.after(until - clock.now(), () => expire(known));
    addresses.set(address, { until, cancel });
    past.delete(`${name} ${address}`);
    index(known);
    return before === undefined;
  }

  return {
    learn(name, addresses, ttlMs) {
      const known = live.get(name);
      const added = addresses.filter((address) => known?.has(address) !== true).length;
      if ((known?.size ?? 0) + added > mostAddresses.ofName || count + added > mostAddresses.together) {
        throw new WeftError('domain-addresses-too-many', `${name} has more addresses than can be kept`);
      }
      const until = clock.now() + ttlMs;
      const changes = addresses.filter((address) => set({ name, address, until }));
      if (changes.length > 0) onChange(name);
    },
    addressesOf: (name) => [...(live.get(name)?.keys() ?? [])],
    current: () => new Map(Array.from(live, ([name, addresses]) => [name, [...addresses.keys()]] as const)),
    namesAt: (address) => [...(namesByAddress.get(address) ?? [])],
    *entries() {
      yield* past.values();
      for (const [name, addresses] of live) {
        for (const [address, { until }] of addresses) yield { name, address, until };
      }
    },
    restore(entries) {
      const now = clock.now();
      const changed = new Set<string>();
      for (const known of entries) {
        if (known.until > now) {
          if (count < mostAddresses.together && set(known)) changed.add(known.name);
        } else if (known.until > now - longestPastMs && !isKnown(known.name, known.address)) keepPast(known);
      }
      for (const name of changed) onChange(name);
    },
    stop() {
      for (const addresses of live.values()) for (const { cancel } of addresses.values()) cancel();
    },
  };
}
