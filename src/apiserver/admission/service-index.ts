import { arrayAt, numberAt, textAt, type StoredObject } from '../json.ts';
import type { Store } from '../store/port.ts';

/** Which addresses and node ports the stored Services hold; kept current by the store's own events. */
export interface ServiceIndex {
  readonly addresses: ReadonlyMap<string, string>;
  /** The keys of `addresses`. */
  readonly taken: ReadonlySet<string>;
  readonly nodePorts: ReadonlyMap<number, string>;
}

/** Values are the keys of the Services that hold them. */
export function createServiceIndex(store: Store): ServiceIndex {
  const addresses = new Map<string, string>();
  const taken = new Set<string>();
  const nodePorts = new Map<number, string>();
  const add = (key: string, service: StoredObject): void => {
    for (const address of addressesOf(service)) {
      addresses.set(address, key);
      taken.add(address);
    }
    for (const port of nodePortsOf(service)) nodePorts.set(port, key);
  };
  const remove = (key: string, service: StoredObject): void => {
    for (const address of addressesOf(service)) {
      if (addresses.get(address) !== key) continue;
      addresses.delete(address);
      taken.delete(address);
    }
    for (const port of nodePortsOf(service)) if (nodePorts.get(port) === key) nodePorts.delete(port);
  };
  for (const { key, object } of store.list('services')) add(key, object);
  store.watch('services', store.resourceVersion, ({ type, entry, previous }) => {
    if (previous !== undefined) remove(entry.key, previous);
    if (type !== 'DELETED') add(entry.key, entry.object);
  });
  return { addresses, taken, nodePorts };
}

/** The cluster addresses that a Service says it has; `None` is not one. */
export function addressesOf(service: StoredObject): string[] {
  const listed = arrayAt(service, ['spec', 'clusterIPs']).filter((ip) => typeof ip === 'string');
  const all = listed.length > 0 ? listed : [textAt(service, ['spec', 'clusterIP'])];
  return all.filter((ip) => ip !== '' && ip !== 'None');
}

/** Node ports of its ports, and the one for health checks. */
export function nodePortsOf(service: StoredObject): number[] {
  const ports = arrayAt(service, ['spec', 'ports']).map((port) => numberAt(port, ['nodePort']));
  return [...ports, numberAt(service, ['spec', 'healthCheckNodePort'])].filter((port) => port !== 0);
}
