import type {
  Internet,
  NetworkSecurityGroup,
  PrivateDnsZone,
  RouteTable,
  Site,
  VirtualMachine,
  VirtualNetwork,
  VirtualNetworkPeering,
} from '../../../api/types/fabric.ts';
import type { KubernetesObject } from '../../../api/types/meta.ts';
import { machineInterfaces } from './machine-interfaces.ts';
import type { NetworkInterface, NetworkWorld } from './world.ts';

/** The objects that describe virtual networks and what is in them. */
export interface NetworkObjects {
  readonly networks: Iterable<VirtualNetwork>;
  readonly peerings?: Iterable<VirtualNetworkPeering>;
  readonly routeTables?: Iterable<RouteTable>;
  readonly securityGroups?: Iterable<NetworkSecurityGroup>;
  readonly machines?: Iterable<VirtualMachine>;
  readonly sites?: Iterable<Site>;
  readonly internets?: Iterable<Internet>;
  readonly privateZones?: Iterable<PrivateDnsZone>;
}

/** The world that objects describe, with the interfaces of the nodes in it. The same objects make the same world. */
export function buildWorld(objects: NetworkObjects, nodes: readonly NetworkInterface[]): NetworkWorld {
  const networks = byName(objects.networks);
  return {
    networks,
    peerings: [...byName(objects.peerings ?? []).values()],
    routeTables: byName(objects.routeTables ?? []),
    securityGroups: byName(objects.securityGroups ?? []),
    sites: [...byName(objects.sites ?? []).values()].filter(({ spec }) => networks.has(spec.gateway.network)),
    services: [...(objects.internets ?? [])].flatMap(({ spec }) => spec.services ?? []),
    privateZones: [...byName(objects.privateZones ?? []).values()],
    interfaces: [
      ...nodes,
      ...machineInterfaces(byName(objects.machines ?? []).values(), { networks, taken: nodes }),
    ],
  };
}

/** In the order of their names: whoever comes first must not depend on who was told first. */
function byName<T extends KubernetesObject>(objects: Iterable<T>): Map<string, T> {
  const ordered = [...objects].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return new Map(ordered.map((object) => [object.metadata.name, object]));
}
