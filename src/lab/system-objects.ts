import type { Node } from '../api/types/core.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import type { ClusterNetwork } from '../api/types/network.ts';
import { componentUsers } from '../apiserver/access/policy.ts';
import { defaultNetworkObjects } from '../model/fabric/network/default-network.ts';
import { subnetModeOf } from '../model/addressing/pod-subnets.ts';
import { cniConfigMap } from '../model/cni/configuration.ts';
import { labPoolObjects } from '../model/load-balancer/lab-pool.ts';
import { loadBalancerNamespace } from '../model/load-balancer/pools.ts';
import { nodeSegmentObject } from '../model/fabric/layer2/domains.ts';
import { modelTraits } from '../model/network/models.ts';
import { familiesOfNetwork } from '../model/network/config.ts';
import { addressDefinitions } from './address-definitions.ts';
import { fabricDefinitions } from './fabric-definitions.ts';
import { layer2Definitions } from './layer2-definitions.ts';
import { loadBalancerDefinitions } from './load-balancer-definitions.ts';
import { sharedNetworkObjects } from './shared-network.ts';
import { policyDefinitions } from './policy-definitions.ts';
import { apiServiceObjects, clusterDnsObjects } from './system-services.ts';
import type { NetworkConfig } from '../model/network/config.ts';
import { familyPlaces, nodeAddresses, type NodePlace } from '../model/network/topology.ts';

/** A Node as a kubelet would register it; the agents report it ready once they have programmed it. */
function nodeObject(place: NodePlace, config: NetworkConfig): Node {
  const resources = { pods: String(config.maxPodsPerNode), cpu: '4', memory: '8Gi' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: place.name,
      labels: { 'kubernetes.io/hostname': place.name, 'kubernetes.io/os': 'linux' },
    },
    spec: { podCIDR: place.podCidr, podCIDRs: familyPlaces(place).map(({ podCidr }) => podCidr) },
    status: {
      addresses: [
        ...nodeAddresses(place).map((address) => ({ type: 'InternalIP' as const, address })),
        { type: 'Hostname', address: place.name },
      ],
      capacity: resources,
      allocatable: resources,
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          reason: 'NotProgrammed',
          message: 'the agent has not reported yet',
        },
      ],
    },
  };
}

/** The configuration object of the cluster's network. */
function clusterNetworkObject(config: NetworkConfig): ClusterNetwork {
  return {
    apiVersion: 'weft.dev/v1alpha1',
    kind: 'ClusterNetwork',
    metadata: { name: 'default' },
    spec: {
      model: config.model,
      dataplane: 'nftables',
      podCIDR: config.podCidrs.join(),
      serviceCIDR: config.serviceCidrs.join(),
      maxPodsPerNode: config.maxPodsPerNode,
      establishedConnections: config.establishedConnections,
      externalIPs: config.externalIPs,
      masqueradeAll: config.masqueradeAll,
      nodePortAddresses: [...config.nodePortAddresses],
      localhostNodePorts: config.localhostNodePorts,
      upstreamResolvers: [...config.upstreamResolvers],
      minimumDomainTTL: config.minimumDomainTTL,
      ...(config.model === 'azure-cni-dynamic' && {
        podSubnet: config.podSubnet,
        podIPAllocation: config.podIPAllocation,
      }),
      ...(config.model === 'azure-cni' && { cniMode: config.cniMode }),
    },
  };
}

/** Of kinds that `systemObjects` defines: to be made behind them. */
export function customObjects({ config, ordinal, begun }: SystemOptions): KubernetesObject[] {
  return [
    ...labPoolObjects(familiesOfNetwork(config), config.model),
    ...passwordReaders(),
    ...(config.model === 'none' ? cniReaders() : []),
    ...(begun ?? defaultNetworkObjects(config.model)),
    // The segment of a further cluster is described in the first one.
    ...(ordinal === undefined ? worldObjects(config) : []),
  ];
}

/** The world around the nodes, as it is before anybody describes it. */
function worldObjects({ model }: NetworkConfig): KubernetesObject[] {
  return modelTraits[model].world === 'segment' ? [nodeSegmentObject()] : [];
}

/** Who speaks BGP reads the Secrets that BGPPeers name, which are beside them, and no others. */
function passwordReaders(): KubernetesObject[] {
  return readers({
    metadata: { name: 'weft-bgp-passwords', namespace: loadBalancerNamespace },
    rule: { apiGroups: [''], resources: ['secrets'], verbs: ['get'] },
    users: [componentUsers.agents, componentUsers.fabric],
  });
}

/** Nodes whose pods somebody else's plugins wire are told how by this ConfigMap. */
function cniReaders(): KubernetesObject[] {
  const { namespace, name } = cniConfigMap;
  return readers({
    metadata: { name: 'weft-cni-configuration', namespace },
    rule: { apiGroups: [''], resources: ['configmaps'], resourceNames: [name], verbs: ['get'] },
    users: [componentUsers.agents],
  });
}

interface Readers {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly rule: object;
  readonly users: readonly string[];
}

function readers({ metadata, rule, users }: Readers): KubernetesObject[] {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const group = 'rbac.authorization.k8s.io';
  const role = { apiVersion, kind: 'Role', metadata, rules: [rule] };
  const binding = {
    apiVersion,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: group, kind: 'Role', name: metadata.name },
    subjects: users.map((name) => ({ kind: 'User', apiGroup: group, name })),
  };
  return [role, binding];
}

/** What a lab has on any cluster before anybody asks for anything, in the order of creation. */
export function clusterObjects(places: readonly NodePlace[], config: NetworkConfig): KubernetesObject[] {
  return [
    clusterNetworkObject(config),
    ...places.map((place) => nodeObject(place, config)),
    ...clusterDnsObjects(config),
  ];
}

export interface SystemOptions {
  readonly config: NetworkConfig;
  /** Which cluster of its lab it is. */
  readonly ordinal?: number;
  /** The virtual network that it begins with; that of its model when absent. */
  readonly begun?: readonly KubernetesObject[];
}

/** The same where the API server is the lab's own, with what other API servers bring along. */
export function systemObjects(places: readonly NodePlace[], lab: SystemOptions): KubernetesObject[] {
  const { config, ordinal } = lab;
  return [
    ...clusterObjects(places, config),
    ...apiServiceObjects(config, ordinal),
    ...policyDefinitions(),
    ...loadBalancerDefinitions(),
    ...fabricDefinitions(),
    ...(subnetModeOf(config) === undefined ? [] : addressDefinitions()),
    ...layer2Definitions(),
    ...(ordinal === undefined ? [] : sharedNetworkObjects()),
  ];
}
