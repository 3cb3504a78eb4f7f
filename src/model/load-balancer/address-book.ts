import type { Holdings } from './allocate.ts';
import type { Holder } from './request.ts';

/** Who has which address, as decided here: it runs ahead of what the API says already. */
export interface AddressBook extends Holdings {
  /** The Service has these addresses and no others. */
  set(holder: Holder, addresses: readonly string[]): void;
  /** Undefined for a Service about which nothing was decided. */
  addressesOf(service: string): readonly string[] | undefined;
  forget(service: string): void;
  /** Every address that somebody has. */
  held(): Iterable<string>;
}

export function createAddressBook(isForeign: (address: string) => boolean): AddressBook {
  const byAddress = new Map<string, Map<string, Holder>>();
  const byService = new Map<string, readonly string[]>();

  const forget = (service: string): void => {
    for (const address of byService.get(service) ?? []) {
      const holders = byAddress.get(address);
      holders?.delete(service);
      if (holders?.size === 0) byAddress.delete(address);
    }
    byService.delete(service);
  };

  return {
    holdersOf: (address) => [...(byAddress.get(address)?.values() ?? [])],
    isForeign,
    *sharedBy(key) {
      for (const [address, holders] of byAddress) {
        if ([...holders.values()].some(({ sharingKey }) => sharingKey === key)) yield address;
      }
    },
    addressesOf: (service) => byService.get(service),
    forget,
    held: () => byAddress.keys(),
    set(holder, addresses) {
      forget(holder.service);
      byService.set(holder.service, [...addresses]);
      for (const address of addresses) {
        const holders = byAddress.get(address) ?? new Map<string, Holder>();
        byAddress.set(address, holders.set(holder.service, holder));
      }
    },
  };
}
