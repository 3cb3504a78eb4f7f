import type { Service } from '../../api/types/core.ts';
import type { Condition } from '../../api/types/meta.ts';
import { canonicalAddress } from '../../lib/address.ts';
import type { Allocation } from './allocate.ts';

/** Condition of a Service: False says why it has no address of a load balancer; absent where it has one. */
const conditionType = 'weft.dev/LoadBalancerAddress';

/** The addresses of a load balancer by which nodes are reached for this Service (KEP-1860: ipMode VIP). */
export function addressesGivenTo({ status }: Service): string[] {
  const ingress = status?.loadBalancer?.ingress ?? [];
  return ingress.flatMap(({ ip, ipMode = 'VIP' }) =>
    ip === undefined || ipMode !== 'VIP' ? [] : [canonicalAddress(ip)],
  );
}

/** Why a Service waits for an address; undefined where it has one, or nobody has looked at it yet. */
export function pendingCondition({ status }: Service): Condition | undefined {
  return status?.conditions?.find(({ type, status: truth }) => type === conditionType && truth === 'False');
}

/** The part of a Service's status that says what it was given; undefined when it says so already. */
export function statusFor(
  service: Service,
  allocation: Allocation,
  now: string,
): Pick<NonNullable<Service['status']>, 'loadBalancer' | 'conditions'> | undefined {
  const wanted = allocation.kind === 'given' ? allocation.addresses : [];
  const others = (service.status?.conditions ?? []).filter(({ type }) => type !== conditionType);
  const before = pendingCondition(service);
  const isSaid =
    addressesGivenTo(service).join() === wanted.join() &&
    (allocation.kind === 'given'
      ? before === undefined
      : before?.reason === allocation.reason && before.message === allocation.message);
  if (isSaid) return undefined;
  const pending =
    allocation.kind === 'given'
      ? []
      : [
          {
            type: conditionType,
            status: 'False' as const,
            reason: allocation.reason,
            message: allocation.message,
            lastTransitionTime: before?.lastTransitionTime ?? now,
          },
        ];
  return {
    loadBalancer: { ingress: wanted.map((ip) => ({ ip, ipMode: 'VIP' })) },
    conditions: [...others, ...pending],
  };
}
