import type { Namespace } from '../../api/types/core.ts';
import type { IPAddressPool, L2Advertisement } from '../../api/types/load-balancer.ts';
import type { Family } from '../../lib/address.ts';
import { labAddressesOf } from '../network/lab-addresses.ts';
import { labPoolLabel, loadBalancerNamespace } from './pools.ts';

const metadata = { name: 'lab', namespace: loadBalancerNamespace };

/** The pool that a lab has on its segment, so that Services of type LoadBalancer work at once, and its announcement. */
export function labPoolObjects(families: readonly Family[]): [Namespace, IPAddressPool, L2Advertisement] {
  const addresses = families.map((family) => labAddressesOf[family].loadBalancers);
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: loadBalancerNamespace } },
    {
      apiVersion: 'metallb.io/v1beta1',
      kind: 'IPAddressPool',
      metadata: { ...metadata, labels: { [labPoolLabel]: 'true' } },
      spec: { addresses },
    },
    {
      apiVersion: 'metallb.io/v1beta1',
      kind: 'L2Advertisement',
      metadata,
      spec: { ipAddressPools: [metadata.name] },
    },
  ];
}
