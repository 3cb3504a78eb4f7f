import { randomUUID } from 'node:crypto';
import { formatAddress, parseAddress } from '../../lib/address.ts';
import { arrayAt, textAt, type StoredObject } from '../json.ts';
import type { Change, Store } from '../store/port.ts';

/** The store's name of IPAddress objects. */
export const ipAddresses = 'ipaddresses.networking.k8s.io';

const managedByLabel = 'ipaddress.kubernetes.io/managed-by';
const familyLabel = 'ipaddress.kubernetes.io/ip-family';
/** Upstream's allocator; objects of this manager follow from Services alone. */
const manager = 'ipallocator.k8s.io';

/** The changes of IPAddress objects that go with a Service's change from `before` to `after` (KEP-1880). */
export function addressChanges(
  store: Store,
  key: string,
  { before, after }: { before: StoredObject | undefined; after: StoredObject | undefined },
): Change[] {
  const [old, now] = [namesOf(before), namesOf(after)];
  const gone = old.filter((name) => !now.includes(name) && isHeldBy(store, name, key));
  const added = after === undefined ? [] : now.filter((name) => !isHeldBy(store, name, key));
  return [
    ...gone.map((name) => ({ resource: ipAddresses, key: name, object: undefined })),
    ...added.map((name) => ({
      resource: ipAddresses,
      key: name,
      object: ipAddressOf(name, key, after?.metadata.creationTimestamp),
    })),
  ];
}

/** The changes that bring all IPAddress objects in line with the Services that are stored. */
export function repairChanges(store: Store): Change[] {
  const wanted = new Set<string>();
  const missing = store.list('services').flatMap(({ key, object }) => {
    for (const name of namesOf(object)) wanted.add(`${name} ${key}`);
    return addressChanges(store, key, { before: undefined, after: object });
  });
  const orphans = store.list(ipAddresses).filter(({ key: name, object }) => {
    if (object.metadata.labels?.[managedByLabel] !== manager) return false;
    return !wanted.has(`${name} ${holderOf(object) ?? ''}`);
  });
  return [...missing, ...orphans.map(({ key }) => ({ resource: ipAddresses, key, object: undefined }))];
}

/** Key of the Service that an IPAddress is of; undefined when it is of something else. */
export function holderOf(address: StoredObject): string | undefined {
  const field = (name: string): string => textAt(address, ['spec', 'parentRef', name]);
  if (field('resource') !== 'services' || field('group') !== '') return undefined;
  return `${field('namespace')}/${field('name')}`;
}

/** The cluster addresses that a Service says it has; `None` is not one. */
export function addressesOf(service: StoredObject): string[] {
  const listed = arrayAt(service, ['spec', 'clusterIPs']).filter((ip) => typeof ip === 'string');
  const all = listed.length > 0 ? listed : [textAt(service, ['spec', 'clusterIP'])];
  return all.filter((ip) => ip !== '' && ip !== 'None');
}

/** The cluster addresses of a Service in their one canonical form. */
export function namesOf(service: StoredObject | undefined): string[] {
  if (service === undefined) return [];
  return addressesOf(service).map((text) => {
    const address = parseAddress(text);
    return address === undefined ? text : formatAddress(address);
  });
}

function isHeldBy(store: Store, name: string, key: string): boolean {
  const object = store.get(ipAddresses, name)?.object;
  return object !== undefined && holderOf(object) === key;
}

function ipAddressOf(name: string, key: string, creationTimestamp: string | undefined): StoredObject {
  const [namespace = '', service = ''] = key.split('/');
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: {
      name,
      uid: randomUUID(),
      ...(creationTimestamp !== undefined && { creationTimestamp }),
      generation: 1,
      labels: { [familyLabel]: name.includes(':') ? 'IPv6' : 'IPv4', [managedByLabel]: manager },
    },
    spec: { parentRef: { resource: 'services', namespace, name: service } },
  };
}
