import { keyOf, loadBalancerResources } from '../../api/resources.ts';
import type { IPAddressPool, PoolCounters } from '../../api/types/load-balancer.ts';
import { familyOf } from '../../lib/address.ts';
import type { Informer } from '../../client/port.ts';
import { poolOfAddress, sizeOf, type Pool } from '../../model/load-balancer/pools.ts';
import type { ControllerContext } from '../controller.ts';
import { createStatusWriter } from '../status.ts';
import type { Reconciler } from '../../reconcile/reconciler.ts';

export interface PoolCountersOptions {
  readonly context: ControllerContext;
  readonly objects: Informer<IPAddressPool>;
  readonly pools: () => readonly Pool[];
  readonly held: () => Iterable<string>;
}

/** Keeps the counters in the pools' status. */
export interface PoolCountersWriter {
  readonly reconciler: Reconciler;
  /** What is held, or the pools, may have changed. */
  touch(): void;
}

export function createPoolCounters(options: PoolCountersOptions): PoolCountersWriter {
  const { context, objects, held } = options;
  const status = createStatusWriter(context, {
    resource: loadBalancerResources.ipaddresspools,
    informer: objects,
    statusOf: ({ metadata: { name } }) => countersOf(options.pools(), name, held()),
  });
  return {
    reconciler: status.reconciler,
    touch() {
      for (const object of objects.values()) status.touch(keyOf(object));
    },
  };
}

/** A pool that cannot be used has nothing to give. */
function countersOf(pools: readonly Pool[], name: string, held: Iterable<string>): PoolCounters {
  const pool = pools.find((one) => one.name === name);
  const assigned = { IPv4: 0, IPv6: 0 };
  for (const address of held) {
    if (poolOfAddress(pools, address)?.name === name) assigned[familyOf(address)] += 1;
  }
  const available = (family: 'IPv4' | 'IPv6'): number =>
    pool === undefined ? 0 : sizeOf(pool, family) - assigned[family];
  return {
    assignedIPv4: assigned.IPv4,
    assignedIPv6: assigned.IPv6,
    availableIPv4: available('IPv4'),
    availableIPv6: available('IPv6'),
  };
}
