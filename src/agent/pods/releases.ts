import type { Clock } from '../../lib/clock.ts';

/** Addresses of pods that are gone, handed on together: forgetting one costs a look at every connection. */
export interface Releases {
  /** Resolves when the address was forgotten and may be given again. */
  add(address: string): Promise<void>;
}

/** `forget` is called in a later turn of the event loop, with all addresses that came until then. */
export function createReleases(clock: Clock, forget: (addresses: ReadonlySet<string>) => void): Releases {
  let batch: { readonly addresses: Set<string>; readonly done: Promise<void> } | undefined;

  const open = (): NonNullable<typeof batch> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const addresses = new Set<string>();
    clock.after(0, () => {
      batch = undefined;
      try {
        forget(addresses);
        resolve();
      } catch (thrown) {
        reject(thrown);
      }
    });
    return { addresses, done: promise };
  };

  return {
    add(address) {
      batch ??= open();
      batch.addresses.add(address);
      return batch.done;
    },
  };
}
