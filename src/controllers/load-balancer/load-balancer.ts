import { keyOf, resources } from '../../api/resources.ts';
import type { Service } from '../../api/types/core.ts';
import { createAddressBook } from '../../model/load-balancer/address-book.ts';
import { allocateAddresses, type Allocation } from '../../model/load-balancer/allocate.ts';
import { canShare, holderOf, requestOf, wantsAddresses } from '../../model/load-balancer/request.ts';
import { addressesGivenTo, statusFor } from '../../model/load-balancer/status.ts';
import { apiCode } from '../../client/errors.ts';
import { done, type Outcome } from '../../reconcile/outcome.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from '../controller.ts';
import { nameOf } from '../pod-writes.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { createClaims } from './claims.ts';
import { followClaims } from './follow-claims.ts';
import { followPools } from './follow-pools.ts';
import { createPoolCounters } from './pool-counters.ts';

/**
 * For so long a claim is let be that another process made: it may be about to say so in the status. A process that died
 * in between leaves it behind.
 */
const foreignClaimMs = 1_000;
/** When an address is asked for again that somebody else had a moment ago. */
const refusedMs = 1_000;

/**
 * Gives Services of type LoadBalancer their addresses. The order of writes is what keeps an address from having two
 * owners: it is claimed (LoadBalancerAddress), then the Service's status says so; and it is no longer in the status when
 * the claim is given back. Each of these can be the last thing that a process does.
 */
export function createLoadBalancerController(context: ControllerContext): Controller {
  const { cache, client, events, clock } = context;
  const claims = createClaims(client);
  const pools = followPools(context);
  const known = followClaims(context, { look: (key) => reconciler.enqueue(key) });
  /** Until when nobody is given an address that somebody else was found to have claimed. */
  const refused = new Map<string, number>();
  const isRefused = (address: string): boolean => {
    if ((refused.get(address) ?? 0) > clock.monotonic()) return true;
    refused.delete(address);
    return false;
  };
  const book = createAddressBook(
    (address) => isRefused(address) || known.isForeign(address) || pools.isOfMachine(address),
  );
  const counters = createPoolCounters({
    context,
    objects: pools.objects,
    pools: () => pools.usable(),
    held: () => book.held(),
  });
  /** What this process claimed: `ADDRESS SERVICE`. */
  const taken = new Set<string>();
  /** Services without an address, that may get one when another gives one back. */
  const waiting = new Set<string>();
  const ready = Promise.all([pools.synced, known.synced]).then(() => remember());

  /** What the statuses say comes before what anybody asks for anew; the older Service first. */
  function remember(): void {
    const services = [...cache.services.values()].filter(wantsAddresses).toSorted(byAge);
    for (const service of services) {
      const given = addressesGivenTo(service);
      const holder = holderOf(service);
      const isFree = given.every((address) =>
        book.holdersOf(address).every((other) => canShare(holder, other)),
      );
      if (given.length > 0 && isFree) book.set(holder, given);
    }
  }

  async function reconcile(key: string): Promise<Outcome> {
    await ready;
    const service = cache.services.get(key);
    if (service === undefined || !wantsAddresses(service)) return giveBack(key, []);
    // Where there has never been a pool, somebody else may give addresses.
    if (pools.objects.size === 0 && !hasSomething(key)) return done;
    const allocation = decide(key, service);
    if (allocation.kind === 'pending') return wait(key, service, allocation);
    waiting.delete(key);
    book.set(holderOf(service), allocation.addresses);
    for (const address of allocation.addresses) {
      if (!(await claim(address, key, allocation.pool))) return tryElsewhere(key, address);
    }
    await write(service, allocation);
    return giveBack(key, allocation.addresses);
  }

  /** Synchronous up to the moment when the book knows: nobody else decides in between. */
  function decide(key: string, service: Service): Allocation {
    const request = requestOf(service);
    if (typeof request === 'string') return { kind: 'pending', reason: 'Invalid', message: request };
    return allocateAddresses({
      request,
      service,
      namespaceLabels: cache.namespaces.get(service.metadata.namespace ?? '')?.metadata.labels ?? {},
      pools: pools.usable(),
      holdings: book,
      current: currentOf(key, service),
    });
  }

  /** What another process has written counts; what this one decided and has not been told of yet, where nothing is. */
  function currentOf(key: string, service: Service): readonly string[] {
    const given = addressesGivenTo(service);
    return given.length > 0 ? given : (book.addressesOf(key) ?? []);
  }

  async function claim(address: string, service: string, pool: string): Promise<boolean> {
    const isHolder = (name: string): boolean =>
      book.holdersOf(address).some((holder) => holder.service === name);
    const outcome = await claims.take(address, { service, pool, mayShareWith: isHolder });
    // One that was there may be another process's, which is about to say so in the status.
    if (outcome === 'made') taken.add(`${address} ${service}`);
    return outcome !== 'refused';
  }

  /** Another writer was first, or is just giving it back. */
  function tryElsewhere(key: string, address: string): Outcome {
    refused.set(address, clock.monotonic() + refusedMs);
    book.forget(key);
    return { kind: 'retry', why: `${address} is claimed by somebody else`, afterMs: 10 };
  }

  async function wait(
    key: string,
    service: Service,
    allocation: Extract<Allocation, { kind: 'pending' }>,
  ): Promise<Outcome> {
    waiting.add(key);
    const isOurs = addressesGivenTo(service).length === 0 || hasSomething(key);
    if (isOurs) await write(service, allocation);
    const outcome = await giveBack(key, []);
    return refused.size > 0 ? { kind: 'wait', afterMs: refusedMs } : outcome;
  }

  const hasSomething = (key: string): boolean =>
    book.addressesOf(key) !== undefined || known.addressesOf(key).length > 0;

  async function write(service: Service, allocation: Allocation): Promise<void> {
    const status = statusFor(service, allocation, timestamp(clock.now()));
    if (status === undefined) return;
    const { uid, resourceVersion } = service.metadata;
    try {
      const body = { metadata: { uid, resourceVersion }, status };
      await client.patch(resources.services, nameOf(service), { body, subresource: 'status' });
    } catch (thrown) {
      // Somebody else wrote: what is there now decides, not what was decided here.
      if (apiCode(thrown) === 'api-conflict') book.forget(keyOf(service));
      throw thrown;
    }
    tell(service, allocation);
  }

  function tell(service: Service, allocation: Allocation): void {
    if (allocation.kind === 'pending') events.warn(service, 'AllocationFailed', allocation.message);
    else {
      const message = `assigned ${allocation.addresses.join(' and ')} of pool ${allocation.pool}`;
      events.note(service, 'IPAllocated', message);
    }
  }

  /** Claims that the Service has and does not need; who waits may have them. */
  async function giveBack(key: string, kept: readonly string[]): Promise<Outcome> {
    const held = new Set([...(book.addressesOf(key) ?? []), ...known.addressesOf(key)]);
    const unneeded = [...held].filter((address) => !kept.includes(address));
    if (kept.length === 0) book.forget(key);
    let isLeft = false;
    for (const address of unneeded) {
      const isOwn = taken.delete(`${address} ${key}`);
      if (isOwn || known.ageOf(address) >= foreignClaimMs) await claims.release(address, key);
      else isLeft = true;
    }
    if (unneeded.length > 0) for (const other of waiting) if (other !== key) reconciler.enqueue(other);
    counters.touch();
    return isLeft ? { kind: 'wait', afterMs: foreignClaimMs } : done;
  }

  const enqueueAll = (): void => {
    for (const service of cache.services.values()) {
      if (service.spec.type === 'LoadBalancer') reconciler.enqueue(keyOf(service));
    }
  };

  const reconciler = reconcilerFor(context, 'load-balancer', reconcile);
  return controllerOf('load-balancer', [reconciler, counters.reconciler, known.reconciler], () => [
    cache.services.onChange(({ key, previous, current }) => {
      const isOne = [previous, current].some((service) => service?.spec.type === 'LoadBalancer');
      if (isOne) reconciler.enqueue(key);
      if (current === undefined) waiting.delete(key);
    }),
    pools.follow(() => {
      counters.touch();
      enqueueAll();
    }),
    known.follow(),
  ]);
}

function byAge({ metadata: a }: Service, { metadata: b }: Service): number {
  const [one, other] = [a, b].map(({ creationTimestamp = '', uid = '' }) => `${creationTimestamp} ${uid}`);
  return (one ?? '') < (other ?? '') ? -1 : 1;
}
