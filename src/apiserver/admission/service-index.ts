import { arrayAt, numberAt, textAt, type StoredObject } from '../json.ts';
import { holderOf, ipAddresses } from '../addresses/ip-address.ts';
import type { Entry, Store } from '../store/port.ts';

/** Which addresses and node ports are held; kept current by the store's own events. */
export interface ServiceIndex {
  /** Values are keys of Services; '' where something else holds the address. */
  readonly addresses: ReadonlyMap<string, string>;
  /** The keys of `addresses`. */
  readonly taken: ReadonlySet<string>;
  /** Values are keys of Services. */
  readonly nodePorts: ReadonlyMap<number, string>;
}

/** Addresses are held by IPAddress objects, which stand for Services and for whatever else people reserve. */
export function createServiceIndex(store: Store): ServiceIndex {
  const addresses = new Map<string, string>();
  const taken = new Set<string>();
  const nodePorts = new Map<number, string>();
  follow(store, ipAddresses, {
    add({ key, object }) {
      addresses.set(key, holderOf(object) ?? '');
      taken.add(key);
    },
    remove({ key }) {
      addresses.delete(key);
      taken.delete(key);
    },
  });
  follow(store, 'services', {
    add: ({ key, object }) => nodePortsOf(object).forEach((port) => nodePorts.set(port, key)),
    remove({ key, object }) {
      for (const port of nodePortsOf(object)) if (nodePorts.get(port) === key) nodePorts.delete(port);
    },
  });
  return { addresses, taken, nodePorts };
}

/** Everything that is there, and every change from now on as a removal and an addition. */
function follow(
  store: Store,
  resource: string,
  { add, remove }: Record<'add' | 'remove', (entry: Entry) => void>,
): void {
  for (const entry of store.list(resource)) add(entry);
  store.watch(resource, store.resourceVersion, ({ type, entry, previous }) => {
    if (previous !== undefined) remove(previous);
    if (type !== 'DELETED') add(entry);
  });
}

/** Node ports of its ports, and the one for health checks; those of an ExternalName are just words. */
export function nodePortsOf(service: StoredObject): number[] {
  if (textAt(service, ['spec', 'type']) === 'ExternalName') return [];
  const ports = arrayAt(service, ['spec', 'ports']).map((port) => numberAt(port, ['nodePort']));
  return [...ports, numberAt(service, ['spec', 'healthCheckNodePort'])].filter((port) => port !== 0);
}
