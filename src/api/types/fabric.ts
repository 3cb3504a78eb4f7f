import type { KubernetesObject } from './meta.ts';

/** weft.dev/v1alpha1 VirtualNetwork: a layer-3 network of a cloud. There is no broadcast in it. */
export interface VirtualNetwork extends KubernetesObject {
  spec: {
    /** CIDRs of IPv4. */
    addressSpace: string[];
    subnets?: Subnet[];
    /** Whom its machines ask for names, the best first; the fabric's own server at 168.63.129.16 where nobody is named. */
    dnsServers?: string[];
    /** What a provider made refuses changes by others to its routes and endpoints; `user` when absent. */
    provisionedBy?: 'user' | 'provider';
    /** How its machines reach the internet from a public address. */
    outbound?: {
      /** How many public addresses there are; 1 when absent. */
      publicAddresses?: number;
      /** Source ports that each interface has of one of them, a multiple of 8; by the number of interfaces when absent. */
      portsPerInterface?: number;
    };
  };
  status?: {
    /** Where its machines' connections to the internet come from. */
    publicAddresses?: string[];
  };
}

/** A part of a VirtualNetwork's address space. Its first four addresses and the last are nobody's. */
export interface Subnet {
  name: string;
  /** CIDR, /29 or larger. */
  prefix: string;
  /** Name of a RouteTable. */
  routeTable?: string;
  /** Name of a NetworkSecurityGroup. */
  networkSecurityGroup?: string;
  /** Names of public services that are reached from private addresses: `Microsoft.Storage`. */
  serviceEndpoints?: string[];
}

/** weft.dev/v1alpha1 VirtualNetworkPeering: two networks that route to each other, and not to each other's peers. */
export interface VirtualNetworkPeering extends KubernetesObject {
  spec: {
    /** Names of two VirtualNetworks. */
    networks: string[];
    /** The first network's gateway may be used by the second. */
    allowGatewayTransit?: boolean;
    /** The second network uses the first one's gateway. */
    useRemoteGateways?: boolean;
  };
}

export const nextHopTypes = [
  'VirtualAppliance',
  'VirtualNetworkGateway',
  'VNetLocal',
  'Internet',
  'None',
] as const;
export type NextHopType = (typeof nextHopTypes)[number];

/** weft.dev/v1alpha1 RouteTable: routes of users, for the subnets that name it. */
export interface RouteTable extends KubernetesObject {
  spec: {
    /** What gateways learn does not reach the subnets. */
    disableBgpRoutePropagation?: boolean;
    /** At most 400. */
    routes?: UserRoute[];
  };
}

export interface UserRoute {
  name: string;
  /** CIDR. */
  prefix: string;
  nextHopType: NextHopType;
  /** Of a VirtualAppliance: the address of an interface that forwards. */
  nextHopAddress?: string;
}

/** weft.dev/v1alpha1 NetworkSecurityGroup: the first rule by priority that matches decides about a new flow. */
export interface NetworkSecurityGroup extends KubernetesObject {
  spec: {
    /** At most 1,000. */
    rules?: SecurityRule[];
  };
}

export interface SecurityRule {
  name: string;
  /** 100 to 4096; the lowest comes first, and no two of one direction are equal. */
  priority: number;
  direction: 'Inbound' | 'Outbound';
  access: 'Allow' | 'Deny';
  /** `Any` when absent. */
  protocol?: 'Tcp' | 'Udp' | 'Icmp' | 'Any';
  /** Addresses, CIDRs, `*`, and the tags VirtualNetwork, AzureLoadBalancer and Internet; `*` when absent. */
  sources?: string[];
  /** `*`, `80`, `8000-8999`; `*` when absent. */
  sourcePorts?: string[];
  destinations?: string[];
  destinationPorts?: string[];
}

/** weft.dev/v1alpha1 VirtualMachine: a machine of the fabric that is no node. */
export interface VirtualMachine extends KubernetesObject {
  spec: {
    interfaces: VirtualMachineInterface[];
    /** What a stand-in answers at. */
    ports?: MachinePort[];
  };
  status?: {
    /** The addresses of each interface, by its name. */
    interfaces?: { name: string; addresses: string[] }[];
  };
}

export interface MachinePort {
  port: number;
  protocol?: 'TCP' | 'UDP' | 'SCTP';
  /** The machine passes TCP connections on to these, to one after the other, as an application gateway does. */
  forwardTo?: { addresses: string[]; port: number };
}

/** In a subnet of a VirtualNetwork, or on a Segment or a VirtualSwitch. */
export interface VirtualMachineInterface {
  /** As the machine calls it: `eth0`. */
  name: string;
  /** Name of a VirtualNetwork, of which `subnet` is a part. */
  network?: string;
  subnet?: string;
  segment?: string;
  virtualSwitch?: string;
  /** The first free one of the subnet when absent. */
  addresses?: string[];
  /** Takes packets for others, and sends packets of others. */
  enableIPForwarding?: boolean;
  /** What it passes on leaves this way with its own address, as a firewall's does: answers come back to it. */
  masquerade?: boolean;
  /** Name of a NetworkSecurityGroup. */
  networkSecurityGroup?: string;
}

/** weft.dev/v1alpha1 Site: a network on premises, behind a gateway of a VirtualNetwork, with one machine in it. */
export interface Site extends KubernetesObject {
  spec: {
    /** CIDRs on premises; the machine has the first usable address of the first one. */
    prefixes: string[];
    gateway: {
      /** Name of a VirtualNetwork. */
      network: string;
    };
    /** `vpn` when absent. A route of a user can lead to a VPN gateway only. */
    type?: 'vpn' | 'expressRoute';
    /**
     * `bgp` when absent: the site learns of every network that uses the gateway. `static`: it knows the gateway's own network
     * alone; an ExpressRoute has none of these. The networks know the prefixes either way.
     */
    routing?: 'bgp' | 'static';
    /** What a stand-in answers at. */
    ports?: { port: number; protocol?: 'TCP' | 'UDP' | 'SCTP' }[];
  };
}

/** weft.dev/v1alpha1 Internet: what there is on the internet, besides a machine that has every address; one, `default`. */
export interface Internet extends KubernetesObject {
  spec: {
    services?: PublicService[];
  };
}

/** A service with public addresses, which a subnet's service endpoint leads to. */
export interface PublicService {
  /** `Microsoft.Storage` */
  name: string;
  prefixes: string[];
  ports?: { port: number; protocol?: 'TCP' | 'UDP' | 'SCTP' }[];
}

/** weft.dev/v1alpha1 PrivateDnsZone: names that machines of linked networks, and nobody else, are answered. */
export interface PrivateDnsZone extends KubernetesObject {
  spec: {
    /** The zone's name, where it is not the object's. */
    zone?: string;
    /** Names of VirtualNetworks. */
    links?: string[];
    records?: PrivateDnsRecord[];
  };
}

export interface PrivateDnsRecord {
  /** Within the zone; `@` for the zone itself, `*` for any. */
  name: string;
  type: 'A' | 'AAAA' | 'CNAME' | 'TXT';
  /** Seconds; 300 when absent. */
  ttl?: number;
  values: string[];
}
