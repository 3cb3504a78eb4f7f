import type { Internet, RouteTable, VirtualNetwork } from '../../../api/types/fabric.ts';
import type { KubernetesObject } from '../../../api/types/meta.ts';
import { modelTraits, type NetworkModel } from '../../network/models.ts';

/** Names of what a lab has where its manifests describe no virtual network. */
export const defaultNetwork = {
  network: 'default',
  nodes: 'nodes',
  machines: 'machines',
  pods: 'pods',
  routeTable: 'nodes',
} as const;

/** The first range holds the addresses that lab-addresses.ts gives to the router, the API server and the nodes. */
const ranges = {
  space: '172.20.0.0/16',
  nodes: '172.20.0.0/17',
  machines: '172.20.128.0/24',
  pods: '172.20.160.0/19',
} as const;

/**
 * The objects of the world around the nodes where manifests name none: one network, as a provider makes it, with a subnet
 * for nodes, one for other machines, and one for pods where the model has such. Nothing for models of other worlds.
 */
export function defaultNetworkObjects(model: NetworkModel): KubernetesObject[] {
  if (modelTraits[model].world !== 'virtual-network') return [];
  const hasRoutes = model === 'kubenet';
  const network: VirtualNetwork = {
    apiVersion,
    kind: 'VirtualNetwork',
    metadata: { name: defaultNetwork.network },
    spec: {
      addressSpace: [ranges.space],
      subnets: [
        {
          name: defaultNetwork.nodes,
          prefix: ranges.nodes,
          ...(hasRoutes && { routeTable: defaultNetwork.routeTable }),
        },
        { name: defaultNetwork.machines, prefix: ranges.machines },
        ...(model === 'azure-cni-dynamic' ? [{ name: defaultNetwork.pods, prefix: ranges.pods }] : []),
      ],
      provisionedBy: 'provider',
    },
  };
  const routes: RouteTable = {
    apiVersion,
    kind: 'RouteTable',
    metadata: { name: defaultNetwork.routeTable },
    spec: { routes: [] },
  };
  return [...(hasRoutes ? [routes] : []), network, defaultInternet];
}

const apiVersion = 'weft.dev/v1alpha1';

/** A service with addresses that no network may have (RFC 5737). */
const defaultInternet: Internet = {
  apiVersion,
  kind: 'Internet',
  metadata: { name: 'default' },
  spec: {
    services: [
      { name: 'Microsoft.Storage', prefixes: ['192.0.2.0/26'], ports: [{ port: 80 }, { port: 443 }] },
    ],
  },
};
