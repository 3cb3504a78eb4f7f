import type { KubernetesObject } from './meta.ts';
import type { NetworkPolicySpec } from './network.ts';

/** Where addresses of a broadcast domain come from. */
export interface AddressPlan {
  /** CIDR of the addresses that are on it. A domain without one has no addresses of its own. */
  prefix?: string;
  /** The way out: the machine that has this address, else the lab's router. Without one nothing leads out. */
  gateway?: string;
  /** Addresses for machines and pods that ask for none: `FIRST-LAST` or a CIDR. */
  dhcp?: {
    range: string;
    /** Address of a DHCP server on the domain, which answers whoever asks for one of the range; none answers when absent. */
    server?: string;
    /** How long somebody has an address who does not ask again; 3,600 when absent. */
    leaseSeconds?: number;
  };
  /** Addresses that are only given to who names the pool. */
  pools?: { name: string; range: string }[];
}

/** weft.dev/v1alpha1 Segment: a broadcast domain of the physical network around the nodes. */
export interface Segment extends KubernetesObject {
  spec?: AddressPlan & {
    /** IEEE 802.1Q tag, 1 to 4094: segments with the same one hear each other. Untagged, and alone, when absent. */
    vlan?: number;
    /** Of the nodes' segment, where nodes have their addresses: of the pool `nodes` if there is one, or of the DHCP range. */
    nodeAddresses?: 'Static' | 'DHCP';
  };
}

/**
 * weft.dev/v1alpha1 VirtualSwitch: a switch on the host of virtual machines. `external` is a part of its uplink's
 * segment; `internal` is a network of its own (`prefix`), which leaves by the uplink behind one address (NAT).
 */
export interface VirtualSwitch extends KubernetesObject {
  spec: AddressPlan & {
    type: 'external' | 'internal';
    /** Name of a Segment; `default` when absent. */
    uplink?: string;
    /** Of an internal switch: its address on the uplink's segment; one of the segment's DHCP range when absent. */
    address?: string;
  };
}

/** Who holds an address of a segment or an internal switch, with which of its interfaces. */
export interface AddressHolder {
  kind: 'Node' | 'Pod' | 'VirtualMachine' | 'VirtualSwitch' | 'DHCPServer' | 'DHCPClient';
  /** Of a node of a further cluster of the lab: its name. */
  cluster?: string;
  /** Of a pod. */
  namespace?: string;
  name: string;
  /** Of a pod: another pod of the name is another holder. Of a DHCP client: who it says it is, if it does. */
  uid?: string;
  interface: string;
}

/**
 * weft.dev/v1alpha1 SegmentAddress: one address of a segment or an internal switch, and who has it. It is there before
 * the address is used, and until it no longer is: whoever gives out addresses makes it first, and only one can.
 */
export interface SegmentAddress extends KubernetesObject {
  spec: {
    /** `Segment/NAME` or `VirtualSwitch/NAME`. */
    domain: string;
    address: string;
    holder: AddressHolder;
  };
  status?: {
    /** Of a DHCP client: when it has the address no longer, unless it asks again. */
    leaseEnds?: string;
  };
}

/** weft.dev/v1alpha1 NodeRoute: a route on every node's machine, of the interface that it names. */
export interface NodeRoute extends KubernetesObject {
  spec: {
    /** Name of an interface of the nodes' VirtualMachines. */
    interface: string;
    /** CIDR. */
    destination: string;
    nextHop: string;
    /** 1 and more: of routes to one destination the lowest counts. */
    metric: number;
  };
  status?: {
    /** On which machines it is not, and why; empty where it is on all. */
    problems?: { node: string; message: string }[];
    /** Names of the nodes whose machines' kernels have it. */
    nodes?: string[];
  };
}

/** k8s.cni.cncf.io/v1 NetworkAttachmentDefinition: a network that pods can have a further interface on. */
export interface NetworkAttachmentDefinition extends KubernetesObject {
  spec?: {
    /** A CNI configuration, or a list of them, as JSON. */
    config?: string;
  };
}

/**
 * k8s.cni.cncf.io/v1beta1 MultiNetworkPolicy: a NetworkPolicy about the interfaces that pods have on the networks which its
 * annotation `k8s.v1.cni.cncf.io/policy-for` names.
 */
export interface MultiNetworkPolicy extends KubernetesObject {
  spec?: NetworkPolicySpec;
}
