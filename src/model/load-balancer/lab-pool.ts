import type { Namespace } from '../../api/types/core.ts';
import type { IPAddressPool, L2Advertisement } from '../../api/types/load-balancer.ts';
import type { Family } from '../../lib/address.ts';
import { labAddressesOf, publicLoadBalancers } from '../network/lab-addresses.ts';
import { modelTraits, type NetworkModel } from '../network/models.ts';
import { internalPool } from './request.ts';
import { labPoolLabel, loadBalancerNamespace } from './pools.ts';

const name = 'lab';
const namespace = loadBalancerNamespace;

/**
 * The pools that a lab has, so that Services of type LoadBalancer work at once, and their announcement: one of its
 * segment's addresses; in a virtual network one of public addresses, and one of the network's own for Services that ask
 * to be internal.
 */
export function labPoolObjects(
  families: readonly Family[],
  model: NetworkModel,
): [Namespace, L2Advertisement, ...IPAddressPool[]] {
  const own = families.map((family) => labAddressesOf[family].loadBalancers);
  const isInNetwork = modelTraits[model].world === 'virtual-network';
  const pools = isInNetwork
    ? [
        poolOf(name, { addresses: [publicLoadBalancers] }),
        poolOf(internalPool, { addresses: own, autoAssign: false }),
      ]
    : [poolOf(name, { addresses: own })];
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'metallb.io/v1beta1',
      kind: 'L2Advertisement',
      metadata: { name, namespace },
      spec: { ipAddressPools: pools.map(({ metadata }) => metadata.name) },
    },
    ...pools,
  ];
}

function poolOf(pool: string, spec: IPAddressPool['spec']): IPAddressPool {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name: pool, namespace, labels: { [labPoolLabel]: 'true' } },
    spec,
  };
}
