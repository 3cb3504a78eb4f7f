import { keyOf } from '../../api/resources.ts';
import type { Namespace, Service } from '../../api/types/core.ts';
import type { IPAddressPool, L2Advertisement } from '../../api/types/load-balancer.ts';
import type { Family } from '../../lib/address.ts';
import { createAddressBook } from '../load-balancer/address-book.ts';
import { allocateAddresses } from '../load-balancer/allocate.ts';
import { labPoolObjects } from '../load-balancer/lab-pool.ts';
import type { NetworkModel } from '../network/models.ts';
import { poolsOf } from '../load-balancer/pools.ts';
import { holderOf, requestOf, wantsAddresses } from '../load-balancer/request.ts';
import { addressesGivenTo } from '../load-balancer/status.ts';

export interface LoadBalancerInput {
  readonly pools: readonly IPAddressPool[];
  readonly advertisements: readonly L2Advertisement[];
  /** Of a lab, which has a pool of its own; none elsewhere. */
  readonly families: readonly Family[];
  readonly model: NetworkModel;
  readonly namespaces: ReadonlyMap<string, Namespace>;
}

export interface WithLoadBalancers {
  readonly services: readonly Service[];
  readonly pools: readonly IPAddressPool[];
  readonly advertisements: readonly L2Advertisement[];
}

/** Services with the addresses of load balancers that they will be given; those that have some keep them. */
export function withLoadBalancers(
  services: readonly Service[],
  { pools: given, advertisements, families, model, namespaces }: LoadBalancerInput,
): WithLoadBalancers {
  const [, labAdvertisement, ...labPools] = labPoolObjects(families, model);
  const isLab = families.length > 0;
  const pools = isLab ? [...given, ...labPools] : given;
  const usable = poolsOf(pools).pools;
  const book = createAddressBook(() => false);
  for (const service of services) {
    const current = addressesGivenTo(service);
    if (current.length > 0) book.set(holderOf(service), current);
  }
  const withAddresses = (service: Service): Service => {
    const request = requestOf(service);
    if (!wantsAddresses(service) || addressesGivenTo(service).length > 0 || typeof request === 'string')
      return service;
    const namespaceLabels = namespaces.get(service.metadata.namespace ?? '')?.metadata.labels ?? {};
    const allocation = allocateAddresses({
      request,
      service,
      namespaceLabels,
      pools: usable,
      holdings: book,
      current: [],
    });
    if (allocation.kind === 'pending') return service;
    book.set(request.holder, allocation.addresses);
    const ingress = allocation.addresses.map((ip) => ({ ip, ipMode: 'VIP' }));
    return { ...service, status: { ...service.status, loadBalancer: { ingress } } };
  };
  return {
    // Who asks for an address by name comes first, so that nobody is given it by chance.
    services: inGivenOrder(services, [...services].toSorted(byWish).map(withAddresses)),
    pools,
    advertisements: isLab ? [...advertisements, labAdvertisement] : advertisements,
  };
}

function byWish(a: Service, b: Service): number {
  const [one, other] = [a, b].map((service) => {
    const request = requestOf(service);
    return typeof request === 'string' || request.addresses.length === 0 ? 1 : 0;
  });
  return (one ?? 0) - (other ?? 0);
}

function inGivenOrder(order: readonly Service[], services: readonly Service[]): Service[] {
  const byKey = new Map(services.map((service) => [keyOf(service), service]));
  return order.flatMap((service) => byKey.get(keyOf(service)) ?? []);
}
