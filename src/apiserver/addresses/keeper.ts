import { timestamp } from '../../lib/timestamp.ts';
import type { Clock } from '../../lib/clock.ts';
import { textAt } from '../json.ts';
import type { Change, Entry, Store } from '../store/port.ts';
import { addressChanges, holderOf, ipAddresses, namesOf, repairChanges } from './ip-address.ts';
import { defaultRangeChanges, releaseChanges, serviceCidrs } from './service-cidr.ts';

export interface KeeperOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Ranges that the cluster is made with. */
  readonly cidrs: readonly string[];
}

/**
 * A store in which every cluster address of a Service has its IPAddress, written together with the Service:
 * whoever writes Services, by whichever verb, need not know. It also lets ServiceCIDRs go that wait for their
 * last address. What an earlier version or a crash left unlike that is put right at once.
 */
export function keepAddresses({ store, clock, cidrs }: KeeperOptions): Store {
  const now = (): string => timestamp(clock.now());
  const configured = textAt(store.get(networks, 'default')?.object, rangeField);
  const ranges = configured === '' ? cidrs : configured.split(',');
  store.write([...defaultRangeChanges(store, ranges, now()), ...repairChanges(store)]);

  const write = (changes: readonly Change[]): readonly (Entry | undefined)[] => {
    const entries = store.write([
      ...changes,
      ...changes.flatMap((change) => companions(store, change, now())),
    ]);
    if (changes.some(({ resource }) => touchesRanges.has(resource)))
      store.write(releaseChanges(store, now()));
    return entries.slice(0, changes.length);
  };
  return {
    get resourceVersion() {
      return store.resourceVersion;
    },
    get: (resource, key) => store.get(resource, key),
    list: (resource, namespace) => store.list(resource, namespace),
    count: (resource) => store.count(resource),
    watch: (resource, fromRv, callback, lost) => store.watch(resource, fromRv, callback, lost),
    committed: () => store.committed(),
    settled: () => store.settled(),
    close: () => store.close(),
    write,
    put(resource, key, object) {
      const [entry] = write([{ resource, key, object }]);
      return entry ?? store.put(resource, key, object);
    },
    remove: (resource, key) => write([{ resource, key, object: undefined }])[0],
  };
}

const networks = 'clusternetworks.weft.dev';
const rangeField = ['spec', 'serviceCIDR'];
const touchesRanges = new Set(['services', ipAddresses, serviceCidrs]);

/** What is written along with a change. */
function companions(store: Store, { resource, key, object }: Change, now: string): Change[] {
  if (resource === 'services') {
    return addressChanges(store, key, { before: store.get('services', key)?.object, after: object });
  }
  if (resource === networks && key === 'default') {
    const range = textAt(object, rangeField);
    return range === '' ? [] : defaultRangeChanges(store, range.split(','), now);
  }
  return resource === ipAddresses && object === undefined ? heldAgain(store, key) : [];
}

/** An address whose Service is still there comes back, as upstream's repair loop has it. */
function heldAgain(store: Store, name: string): Change[] {
  const address = store.get(ipAddresses, name)?.object;
  const holder = address === undefined ? undefined : holderOf(address);
  const service = holder === undefined ? undefined : store.get('services', holder)?.object;
  if (address === undefined || !namesOf(service).includes(name)) return [];
  return [{ resource: ipAddresses, key: name, object: address }];
}
