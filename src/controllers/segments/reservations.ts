import type { AddressHolder } from '../../api/types/layer2.ts';
import type { IPAddressPool } from '../../api/types/load-balancer.ts';
import { canonicalAddress } from '../../lib/address.ts';
import { nodeDomain, isLabsOwn, type ClusterPlace } from '../../model/fabric/layer2/node-addresses.ts';
import { poolOfAddress, poolsOf } from '../../model/load-balancer/pools.ts';
import type { ControllerContext } from '../controller.ts';

/** Whether an address is somebody's for whom there is no claim; `holder` is who asks for it. */
export type Reservations = (domain: string, address: string, holder: AddressHolder) => boolean;

interface ReservationsOptions extends ClusterPlace {
  readonly cache: { readonly nodes: Pick<ControllerContext['cache']['nodes'], 'values'> };
  readonly pools: { values(): Iterable<IPAddressPool> };
}

/**
 * On the nodes' segment: the lab's own addresses, those that other nodes' objects say, and those of load balancers' pools,
 * which have claims of their own (LoadBalancerAddress).
 */
export function createReservations({ cache, pools, ordinal }: ReservationsOptions): Reservations {
  return (domain, address, holder) => {
    if (domain !== nodeDomain) return false;
    if (isLabsOwn(address, holder, ordinal)) return true;
    if (poolOfAddress(poolsOf(pools.values()).pools, address) !== undefined) return true;
    return [...cache.nodes.values()].some(
      ({ metadata, status }) =>
        !(holder.kind === 'Node' && holder.name === metadata.name) &&
        (status?.addresses ?? []).some((one) => canonicalAddress(one.address) === address),
    );
  };
}
