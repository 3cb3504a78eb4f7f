import type {
  NetworkSecurityGroup,
  PrivateDnsZone,
  PublicService,
  RouteTable,
  Site,
  Subnet,
  VirtualNetwork,
  VirtualNetworkPeering,
} from '../../../api/types/fabric.ts';

/** An interface of a machine in a subnet of a virtual network. */
export interface NetworkInterface {
  /** `MACHINE/eth0`: unique in the world. */
  readonly id: string;
  /** Name of the machine, of whatever sort. */
  readonly machine: string;
  /** Pin's name of the machine's namespace. */
  readonly netns: string;
  /** What the machine calls it. */
  readonly name: string;
  readonly network: string;
  readonly subnet: string;
  /** Its own, the primary one first. */
  readonly addresses: readonly string[];
  /** Prefixes of pods that the network knows to be here, as further addresses of the interface. */
  readonly assigned: readonly string[];
  /** Takes packets for others, and sends packets of others (IP forwarding). */
  readonly forwards: boolean;
  /** Puts its own address in place of others' in what it sends (NAT). */
  readonly masquerades?: boolean;
  /** Name of a NetworkSecurityGroup. */
  readonly securityGroup?: string;
  /** Of an overlay: only interfaces of the same domain know each other's blocks. */
  readonly domain?: RoutingDomain;
}

/** What an interface has in a routing domain of its own, beside the network's. */
export interface RoutingDomain {
  readonly name: string;
  /** Prefixes that lead to this interface. */
  readonly blocks: readonly string[];
}

/** All virtual networks of a lab and what is in them. Objects by name. */
export interface NetworkWorld {
  readonly networks: ReadonlyMap<string, VirtualNetwork>;
  readonly peerings: readonly VirtualNetworkPeering[];
  readonly routeTables: ReadonlyMap<string, RouteTable>;
  readonly securityGroups: ReadonlyMap<string, NetworkSecurityGroup>;
  readonly sites: readonly Site[];
  /** Of the internet. */
  readonly services: readonly PublicService[];
  readonly privateZones: readonly PrivateDnsZone[];
  readonly interfaces: readonly NetworkInterface[];
}

/** A subnet by its network and its name; undefined where there is none. */
export function subnetOf(world: NetworkWorld, network: string, subnet: string): Subnet | undefined {
  return world.networks.get(network)?.spec.subnets?.find(({ name }) => name === subnet);
}

/** Names of the networks that this one is peered with, and of nobody's peers' peers. */
export function peersOf({ peerings, networks }: NetworkWorld, network: string): string[] {
  const others = peerings.flatMap(({ spec }) =>
    spec.networks.includes(network) ? spec.networks.filter((name) => name !== network) : [],
  );
  return [...new Set(others)].filter((name) => networks.has(name));
}

/** Names of the networks whose gateway a network's machines use: its own, or the one of a peer that lets it. */
export function gatewayNetworksOf({ peerings }: NetworkWorld, network: string): string[] {
  const remote = peerings.flatMap(({ spec }) => {
    const [hub, spoke] = spec.networks;
    const isUsed = spec.allowGatewayTransit === true && spec.useRemoteGateways === true;
    return isUsed && spoke === network && hub !== undefined ? [hub] : [];
  });
  return [network, ...remote];
}

/** The sites that machines of a network reach. */
export function sitesOf(world: NetworkWorld, network: string): Site[] {
  const gateways = new Set(gatewayNetworksOf(world, network));
  return world.sites.filter(({ spec }) => gateways.has(spec.gateway.network));
}

/**
 * Names of the networks that a site's machines reach: the gateway's, and those that use it from afar, which only BGP tells
 * them of. Without it the site's device has routes that somebody gave it for the network of its gateway (Azure,
 * virtual-networks-udr-overview and vpn-gateway-bgp-overview).
 */
export function networksOfSite(world: NetworkWorld, site: Site): string[] {
  const { routing, gateway } = site.spec;
  if (routing === 'static') return world.networks.has(gateway.network) ? [gateway.network] : [];
  return [...world.networks.keys()].filter((name) => sitesOf(world, name).includes(site));
}
