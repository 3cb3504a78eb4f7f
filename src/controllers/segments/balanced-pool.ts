import { loadBalancerResources } from '../../api/resources.ts';
import type { Segment } from '../../api/types/layer2.ts';
import type { IPAddressPool } from '../../api/types/load-balancer.ts';
import { familyOf } from '../../lib/address.ts';
import { sameJson } from '../../lib/same-json.ts';
import { balancedRange } from '../../model/fabric/layer2/node-addresses.ts';
import { labPoolLabel } from '../../model/load-balancer/pools.ts';
import { done, type Outcome } from '../../reconcile/outcome.ts';
import type { Reconciler } from '../../reconcile/reconciler.ts';
import { reconcilerFor, type ControllerContext } from '../controller.ts';
import { nameOf } from '../pod-writes.ts';

const everything = 'pool';

interface BalancedPoolOptions {
  readonly pools: { values(): Iterable<IPAddressPool> };
  readonly segment: () => Segment | undefined;
}

/**
 * Keeps the lab's own IPAddressPool as the pool `load-balancers` of the nodes' segment says. Where that has none, the pool
 * is as it was.
 */
export function createBalancedPool(
  context: ControllerContext,
  { pools, segment }: BalancedPoolOptions,
): { readonly reconciler: Reconciler; look(): void } {
  async function reconcile(): Promise<Outcome> {
    const range = balancedRange(segment());
    const pool = [...pools.values()].find(({ metadata }) => metadata.labels?.[labPoolLabel] !== undefined);
    if (range === undefined || pool === undefined) return done;
    const family = familyOf(range);
    const addresses = [range, ...pool.spec.addresses.filter((one) => familyOf(one) !== family)];
    if (sameJson(addresses, pool.spec.addresses)) return done;
    const body = { spec: { addresses } };
    await context.client.patch(loadBalancerResources.ipaddresspools, nameOf(pool), { body });
    return done;
  }
  const reconciler = reconcilerFor(context, 'balanced-pool', reconcile);
  return { reconciler, look: () => reconciler.enqueue(everything) };
}
