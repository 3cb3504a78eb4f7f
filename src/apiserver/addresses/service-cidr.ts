import { randomUUID } from 'node:crypto';
import { parseAddress } from '../../lib/address.ts';
import { contains, parsePrefix } from '../../lib/prefix.ts';
import { arrayAt, isObject, sameJson, type StoredObject } from '../json.ts';
import type { Change, Store } from '../store/port.ts';
import { ipAddresses } from './ip-address.ts';

/** The store's name of ServiceCIDR objects. */
export const serviceCidrs = 'servicecidrs.networking.k8s.io';

/** The object that stands for the ranges the cluster was made with. */
export const defaultName = 'kubernetes';

const finalizer = 'networking.k8s.io/service-cidr-finalizer';

/** A new ServiceCIDR as upstream's controller leaves it: ready at once, and held until its addresses are gone. */
export function bornServiceCidr(object: StoredObject, now: string): StoredObject {
  const finalizers = [...new Set([...(object.metadata.finalizers ?? []), finalizer])];
  const ready = condition('True', { reason: '', message: 'Kubernetes Service CIDR is ready', now });
  return {
    ...object,
    metadata: { ...object.metadata, finalizers },
    status: { conditions: [ready] },
  };
}

/** The change that makes the default object say these ranges; none when it does. */
export function defaultRangeChanges(store: Store, cidrs: readonly string[], now: string): Change[] {
  const current = store.get(serviceCidrs, defaultName)?.object;
  if (current !== undefined && sameJson(rangesOf(current), cidrs)) return [];
  const made: StoredObject = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: defaultName, uid: randomUUID(), creationTimestamp: now, generation: 1 },
  };
  const object = { ...(current ?? bornServiceCidr(made, now)), spec: { cidrs: [...cidrs] } };
  return [{ resource: serviceCidrs, key: defaultName, object }];
}

/** Ranges that people added and that are not going away, in the order of their names. */
export function addedRanges(store: Store): string[] {
  return store
    .list(serviceCidrs)
    .filter(({ key, object }) => key !== defaultName && object.metadata.deletionTimestamp === undefined)
    .flatMap(({ object }) => rangesOf(object));
}

/** What becomes of ServiceCIDRs that are being deleted: they go when no address depends on them any more. */
export function releaseChanges(store: Store, now: string): Change[] {
  const all = store.list(serviceCidrs).map(({ object }) => object);
  const dying = all.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
  const staying = all.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return dying.flatMap((object): Change[] => {
    const { name, finalizers = [] } = object.metadata;
    if (!finalizers.includes(finalizer)) return [];
    const key = { resource: serviceCidrs, key: name };
    if (isInUse(store, rangesOf(object), staying.flatMap(rangesOf))) {
      const waiting = withCondition(object, now);
      return sameJson(waiting, object) ? [] : [{ ...key, object: waiting }];
    }
    const left = finalizers.filter((one) => one !== finalizer);
    const released = { ...object, metadata: { ...object.metadata, finalizers: left } };
    return [{ ...key, object: left.length === 0 ? undefined : released }];
  });
}

function rangesOf(object: StoredObject): string[] {
  return arrayAt(object, ['spec', 'cidrs']).filter((it) => typeof it === 'string');
}

/** Whether there is an address in `ranges` that no range of `others` holds too. */
function isInUse(store: Store, ranges: readonly string[], others: readonly string[]): boolean {
  const [mine, theirs] = [ranges, others].map((list) =>
    list.map(parsePrefix).filter((it) => it !== undefined),
  );
  return store.list(ipAddresses).some(({ key }) => {
    const address = parseAddress(key);
    if (address === undefined) return false;
    const isIn = (prefixes = mine): boolean => prefixes?.some((prefix) => contains(prefix, address)) ?? false;
    return isIn(mine) && !isIn(theirs);
  });
}

function withCondition(object: StoredObject, now: string): StoredObject {
  const status = isObject(object['status']) ? object['status'] : {};
  const conditions = arrayAt(status, ['conditions']);
  if (conditions.some((it) => isObject(it) && it['reason'] === 'Terminating')) return object;
  const message =
    'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';
  const others = conditions.filter((it) => !isObject(it) || it['type'] !== 'Ready');
  const ready = condition('False', { reason: 'Terminating', message, now });
  return { ...object, status: { ...status, conditions: [...others, ready] } };
}

function condition(
  status: 'True' | 'False',
  { reason, message, now }: { reason: string; message: string; now: string },
): object {
  return { type: 'Ready', status, reason, message, lastTransitionTime: now };
}
