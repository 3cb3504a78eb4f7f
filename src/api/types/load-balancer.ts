import type { KubernetesObject, LabelSelector } from './meta.ts';

/** metallb.io/v1beta1 IPAddressPool: addresses that Services of type LoadBalancer are given. */
export interface IPAddressPool extends KubernetesObject {
  spec: {
    /** CIDRs, and ranges `FIRST-LAST`. */
    addresses: string[];
    /** True when absent: Services that ask for nothing may be given one of these. */
    autoAssign?: boolean;
    /** Addresses that end in .0 and .255 are left out. */
    avoidBuggyIPs?: boolean;
    serviceAllocation?: {
      /** The lower comes first; 0 and absent come last. */
      priority?: number;
      /** Names of namespaces. */
      namespaces?: string[];
      namespaceSelectors?: LabelSelector[];
      serviceSelectors?: LabelSelector[];
    };
  };
  status?: PoolCounters;
}

/** How many addresses of a pool are held, and how many are left. */
export interface PoolCounters {
  assignedIPv4: number;
  assignedIPv6: number;
  availableIPv4: number;
  availableIPv6: number;
}

/** Which pools' addresses of which Services an advertisement is of, and which nodes may announce them; all when absent. */
export interface AdvertisementScope {
  ipAddressPools?: string[];
  ipAddressPoolSelectors?: LabelSelector[];
  serviceSelectors?: LabelSelector[];
  nodeSelectors?: LabelSelector[];
}

/** metallb.io/v1beta1 L2Advertisement: one node answers ARP and neighbour discovery for each address. */
export interface L2Advertisement extends KubernetesObject {
  spec?: L2AdvertisementSpec;
}

export interface L2AdvertisementSpec extends AdvertisementScope {
  /** Links of the node on which to answer. */
  interfaces?: string[];
  /** Nodes that come before others as long as they live; weights of 1 to 100 add up. */
  preferredNodeSelectors?: { weight: number; preference: LabelSelector }[];
}

/** metallb.io/v1beta1 BGPAdvertisement. */
export interface BGPAdvertisement extends KubernetesObject {
  spec?: AdvertisementScope & {
    aggregationLength?: number;
    aggregationLengthV6?: number;
    localPref?: number;
    /** `65000:1`, `large:65000:1:2`, or the name of one in a Community object. */
    communities?: string[];
    /** Names of BGPPeers; all when absent. */
    peers?: string[];
  };
}

/** metallb.io/v1beta2 BGPPeer: a router that nodes speak BGP with. */
export interface BGPPeer extends KubernetesObject {
  spec: {
    myASN: number;
    peerASN?: number;
    dynamicASN?: 'internal' | 'external';
    /** What this session says instead of `myASN`. */
    localASN?: number;
    peerAddress?: string;
    peerPort?: number;
    interface?: string;
    sourceAddress?: string;
    routerID?: string;
    /** Go's notation: `90s`. */
    holdTime?: string;
    keepaliveTime?: string;
    connectTime?: string;
    ebgpMultiHop?: boolean;
    enableGracefulRestart?: boolean;
    password?: string;
    passwordSecret?: { name?: string; namespace?: string };
    bfdProfile?: string;
    vrf?: string;
    disableMP?: boolean;
    dualStackAddressFamily?: boolean;
    nodeSelectors?: LabelSelector[];
  };
}

/** metallb.io/v1beta1 Community: names for BGP communities. */
export interface Community extends KubernetesObject {
  spec?: { communities?: { name?: string; value?: string }[] };
}

/** metallb.io/v1beta1 BFDProfile; intervals in milliseconds. */
export interface BFDProfile extends KubernetesObject {
  spec?: {
    receiveInterval?: number;
    transmitInterval?: number;
    detectMultiplier?: number;
    echoInterval?: number;
    echoMode?: boolean;
    passiveMode?: boolean;
    minimumTtl?: number;
  };
}

/**
 * weft.dev/v1alpha1 LoadBalancerAddress: which Services have an address. It is there before any of them says so in its
 * status, and as long as one does: whoever gives out addresses makes it first, and only one can.
 */
export interface LoadBalancerAddress extends KubernetesObject {
  spec: {
    address: string;
    /** Name of its IPAddressPool. */
    pool: string;
    /** `namespace/name`; empty when it is about to be given back. */
    services: string[];
  };
  status?: {
    /** Somebody outside the cluster answers for the address. */
    conflict?: AddressConflict;
  };
}

/** Who else has an address, and which node heard of it when. */
export interface AddressConflict {
  /** Link-layer address of the other machine. */
  mac: string;
  node: string;
  /** RFC 3339. */
  time: string;
}

/** metallb.io/v1beta1 ServiceL2Status: a node answers for a Service's addresses on layer 2. */
export interface ServiceL2Status extends KubernetesObject {
  status?: AnnouncementEnds & { interfaces: { name: string }[] };
}

/** metallb.io/v1beta1 ServiceBGPStatus: a node tells these BGPPeers, by name, of a Service's addresses. */
export interface ServiceBGPStatus extends KubernetesObject {
  status?: AnnouncementEnds & { peers: string[] };
}

/** Who announces what. */
export interface AnnouncementEnds {
  node: string;
  serviceName: string;
  serviceNamespace: string;
}
