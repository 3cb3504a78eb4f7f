import type { NodeNetworkConfig, SubnetAllocation } from './types/address.ts';
import type { DaemonSet, Deployment, Job, ReplicaSet, StatefulSet } from './types/apps.ts';
import type {
  ConfigMap,
  CoreEvent,
  Endpoints,
  Namespace,
  Node,
  Pod,
  Secret,
  Service,
  ServiceAccount,
} from './types/core.ts';
import type {
  Internet,
  NetworkSecurityGroup,
  PrivateDnsZone,
  RouteTable,
  Site,
  VirtualMachine,
  VirtualNetwork,
  VirtualNetworkPeering,
} from './types/fabric.ts';
import type {
  BFDProfile,
  BGPAdvertisement,
  BGPPeer,
  Community,
  IPAddressPool,
  L2Advertisement,
  LoadBalancerAddress,
  ServiceBGPStatus,
  ServiceL2Status,
} from './types/load-balancer.ts';
import type {
  MultiNetworkPolicy,
  NetworkAttachmentDefinition,
  NodeRoute,
  Segment,
  SegmentAddress,
  VirtualSwitch,
} from './types/layer2.ts';
import type { KubernetesObject } from './types/meta.ts';
import type {
  ClusterNetwork,
  EndpointSlice,
  IPAddress,
  NetworkPolicy,
  ServiceCIDR,
} from './types/network.ts';
import type { AdminNetworkPolicy, BaselineAdminNetworkPolicy, ClusterNetworkPolicy } from './types/policy.ts';

/** How a kind is addressed in the API. The type parameter is the object's type, carried for the compiler only. */
export interface Resource<T extends KubernetesObject = KubernetesObject> {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** Subresources served besides the object itself. */
  readonly subresources: readonly string[];
  /** Whose objects these are, in another version: they are stored as those, and once. */
  readonly versionOf?: Resource;
  readonly object?: T;
}

function resource<T extends KubernetesObject>(
  apiVersion: string,
  kind: string,
  plural: string,
  options: { shortNames?: string[]; cluster?: true; subresources?: string[] } = {},
): Resource<T> {
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  return {
    group,
    version,
    plural,
    kind,
    singular: kind.toLowerCase(),
    shortNames: options.shortNames ?? [],
    namespaced: options.cluster !== true,
    subresources: options.subresources ?? [],
  };
}

function fabricKind<T extends KubernetesObject>(
  kind: string,
  plural: string,
  ...shortNames: string[]
): Resource<T> {
  return resource('weft.dev/v1alpha1', kind, plural, { shortNames, cluster: true, subresources: ['status'] });
}

/** Every built-in kind that Weft knows, by its plural name. */
export const resources = {
  namespaces: resource<Namespace>('v1', 'Namespace', 'namespaces', {
    shortNames: ['ns'],
    cluster: true,
    subresources: ['status'],
  }),
  nodes: resource<Node>('v1', 'Node', 'nodes', {
    shortNames: ['no'],
    cluster: true,
    subresources: ['status'],
  }),
  pods: resource<Pod>('v1', 'Pod', 'pods', {
    shortNames: ['po'],
    subresources: ['status', 'binding', 'eviction', 'log', 'exec', 'attach', 'portforward', 'proxy'],
  }),
  services: resource<Service>('v1', 'Service', 'services', {
    shortNames: ['svc'],
    subresources: ['status', 'proxy'],
  }),
  endpoints: resource<Endpoints>('v1', 'Endpoints', 'endpoints', { shortNames: ['ep'] }),
  events: resource<CoreEvent>('v1', 'Event', 'events', { shortNames: ['ev'] }),
  configmaps: resource<ConfigMap>('v1', 'ConfigMap', 'configmaps', { shortNames: ['cm'] }),
  secrets: resource<Secret>('v1', 'Secret', 'secrets'),
  serviceaccounts: resource<ServiceAccount>('v1', 'ServiceAccount', 'serviceaccounts', {
    shortNames: ['sa'],
    subresources: ['token'],
  }),
  deployments: resource<Deployment>('apps/v1', 'Deployment', 'deployments', {
    shortNames: ['deploy'],
    subresources: ['status', 'scale'],
  }),
  replicasets: resource<ReplicaSet>('apps/v1', 'ReplicaSet', 'replicasets', {
    shortNames: ['rs'],
    subresources: ['status', 'scale'],
  }),
  statefulsets: resource<StatefulSet>('apps/v1', 'StatefulSet', 'statefulsets', {
    shortNames: ['sts'],
    subresources: ['status', 'scale'],
  }),
  daemonsets: resource<DaemonSet>('apps/v1', 'DaemonSet', 'daemonsets', {
    shortNames: ['ds'],
    subresources: ['status'],
  }),
  jobs: resource<Job>('batch/v1', 'Job', 'jobs', { subresources: ['status'] }),
  networkpolicies: resource<NetworkPolicy>('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', {
    shortNames: ['netpol'],
  }),
  servicecidrs: resource<ServiceCIDR>('networking.k8s.io/v1', 'ServiceCIDR', 'servicecidrs', {
    cluster: true,
    subresources: ['status'],
  }),
  ipaddresses: resource<IPAddress>('networking.k8s.io/v1', 'IPAddress', 'ipaddresses', {
    shortNames: ['ip'],
    cluster: true,
  }),
  endpointslices: resource<EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'),
  customresourcedefinitions: resource(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    'customresourcedefinitions',
    { shortNames: ['crd', 'crds'], cluster: true, subresources: ['status'] },
  ),
  validatingadmissionpolicies: resource(
    'admissionregistration.k8s.io/v1',
    'ValidatingAdmissionPolicy',
    'validatingadmissionpolicies',
    { cluster: true, subresources: ['status'] },
  ),
  validatingadmissionpolicybindings: resource(
    'admissionregistration.k8s.io/v1',
    'ValidatingAdmissionPolicyBinding',
    'validatingadmissionpolicybindings',
    { cluster: true },
  ),
  clusternetworks: resource<ClusterNetwork>('weft.dev/v1alpha1', 'ClusterNetwork', 'clusternetworks', {
    cluster: true,
  }),
} as const;

/**
 * Kinds that Weft understands and that are served where somebody has defined them: a lab does
 * (CustomResourceDefinition), another cluster may.
 */
export const policyResources = {
  clusternetworkpolicies: resource<ClusterNetworkPolicy>(
    'policy.networking.k8s.io/v1alpha2',
    'ClusterNetworkPolicy',
    'clusternetworkpolicies',
    { shortNames: ['cnp'], cluster: true, subresources: ['status'] },
  ),
  adminnetworkpolicies: resource<AdminNetworkPolicy>(
    'policy.networking.k8s.io/v1alpha1',
    'AdminNetworkPolicy',
    'adminnetworkpolicies',
    { shortNames: ['anp'], cluster: true, subresources: ['status'] },
  ),
  baselineadminnetworkpolicies: resource<BaselineAdminNetworkPolicy>(
    'policy.networking.k8s.io/v1alpha1',
    'BaselineAdminNetworkPolicy',
    'baselineadminnetworkpolicies',
    { shortNames: ['banp'], cluster: true, subresources: ['status'] },
  ),
} as const;

/** The kinds by which addresses of load balancers are given and announced: served as those of policy are. */
export const loadBalancerResources = {
  ipaddresspools: resource<IPAddressPool>('metallb.io/v1beta1', 'IPAddressPool', 'ipaddresspools', {
    subresources: ['status'],
  }),
  l2advertisements: resource<L2Advertisement>('metallb.io/v1beta1', 'L2Advertisement', 'l2advertisements', {
    subresources: ['status'],
  }),
  bgpadvertisements: resource<BGPAdvertisement>(
    'metallb.io/v1beta1',
    'BGPAdvertisement',
    'bgpadvertisements',
    { subresources: ['status'] },
  ),
  bgppeers: resource<BGPPeer>('metallb.io/v1beta2', 'BGPPeer', 'bgppeers', { subresources: ['status'] }),
  communities: resource<Community>('metallb.io/v1beta1', 'Community', 'communities', {
    subresources: ['status'],
  }),
  bfdprofiles: resource<BFDProfile>('metallb.io/v1beta1', 'BFDProfile', 'bfdprofiles', {
    subresources: ['status'],
  }),
  servicel2statuses: resource<ServiceL2Status>('metallb.io/v1beta1', 'ServiceL2Status', 'servicel2statuses', {
    subresources: ['status'],
  }),
  servicebgpstatuses: resource<ServiceBGPStatus>(
    'metallb.io/v1beta1',
    'ServiceBGPStatus',
    'servicebgpstatuses',
    { subresources: ['status'] },
  ),
  loadbalanceraddresses: resource<LoadBalancerAddress>(
    'weft.dev/v1alpha1',
    'LoadBalancerAddress',
    'loadbalanceraddresses',
    { shortNames: ['lba'], cluster: true, subresources: ['status'] },
  ),
} as const;

/**
 * The kinds by which requests from outside are passed on to Services: Ingress, and those of Gateway API that say so. They are
 * read where somebody serves them; a lab stores Ingresses and follows none.
 */
export const gatewayResources = {
  ingresses: resource('networking.k8s.io/v1', 'Ingress', 'ingresses'),
  ingressclasses: resource('networking.k8s.io/v1', 'IngressClass', 'ingressclasses', { cluster: true }),
  gateways: resource('gateway.networking.k8s.io/v1', 'Gateway', 'gateways'),
  httproutes: resource('gateway.networking.k8s.io/v1', 'HTTPRoute', 'httproutes'),
  grpcroutes: resource('gateway.networking.k8s.io/v1', 'GRPCRoute', 'grpcroutes'),
  tlsroutes: resource('gateway.networking.k8s.io/v1alpha2', 'TLSRoute', 'tlsroutes'),
  tcproutes: resource('gateway.networking.k8s.io/v1alpha2', 'TCPRoute', 'tcproutes'),
  udproutes: resource('gateway.networking.k8s.io/v1alpha2', 'UDPRoute', 'udproutes'),
  referencegrants: resource('gateway.networking.k8s.io/v1beta1', 'ReferenceGrant', 'referencegrants'),
} as const;

/** The kinds by which nodes have addresses of a subnet for their pods: served as those of policy are. */
export const addressResources = {
  nodenetworkconfigs: resource<NodeNetworkConfig>(
    'acn.azure.com/v1alpha',
    'NodeNetworkConfig',
    'nodenetworkconfigs',
    { shortNames: ['nnc'], subresources: ['status'] },
  ),
  subnetallocations: resource<SubnetAllocation>(
    'weft.dev/v1alpha1',
    'SubnetAllocation',
    'subnetallocations',
    { cluster: true },
  ),
} as const;

/** The kinds that describe the world around the nodes of a lab: served as those of policy are. */
export const fabricResources = {
  virtualnetworks: fabricKind<VirtualNetwork>('VirtualNetwork', 'virtualnetworks', 'vnet'),
  virtualnetworkpeerings: fabricKind<VirtualNetworkPeering>(
    'VirtualNetworkPeering',
    'virtualnetworkpeerings',
    'vnetpeer',
  ),
  routetables: fabricKind<RouteTable>('RouteTable', 'routetables', 'rt'),
  networksecuritygroups: fabricKind<NetworkSecurityGroup>(
    'NetworkSecurityGroup',
    'networksecuritygroups',
    'nsg',
  ),
  virtualmachines: fabricKind<VirtualMachine>('VirtualMachine', 'virtualmachines', 'vm'),
  sites: fabricKind<Site>('Site', 'sites'),
  internets: fabricKind<Internet>('Internet', 'internets'),
  privatednszones: fabricKind<PrivateDnsZone>('PrivateDnsZone', 'privatednszones', 'pdz'),
} as const;

/** The layer-2 world around the nodes, and networks that pods have further interfaces on: served as those of policy are. */
export const layer2Resources = {
  segments: resource<Segment>('weft.dev/v1alpha1', 'Segment', 'segments', {
    cluster: true,
    subresources: ['status'],
  }),
  virtualswitches: resource<VirtualSwitch>('weft.dev/v1alpha1', 'VirtualSwitch', 'virtualswitches', {
    shortNames: ['vsw'],
    cluster: true,
    subresources: ['status'],
  }),
  segmentaddresses: resource<SegmentAddress>('weft.dev/v1alpha1', 'SegmentAddress', 'segmentaddresses', {
    shortNames: ['segaddr'],
    cluster: true,
    subresources: ['status'],
  }),
  noderoutes: resource<NodeRoute>('weft.dev/v1alpha1', 'NodeRoute', 'noderoutes', {
    shortNames: ['nroute'],
    cluster: true,
    subresources: ['status'],
  }),
  networkattachmentdefinitions: resource<NetworkAttachmentDefinition>(
    'k8s.cni.cncf.io/v1',
    'NetworkAttachmentDefinition',
    'network-attachment-definitions',
    { shortNames: ['net-attach-def'] },
  ),
  multinetworkpolicies: resource<MultiNetworkPolicy>(
    'k8s.cni.cncf.io/v1beta1',
    'MultiNetworkPolicy',
    'multi-networkpolicies',
    { shortNames: ['multi-policy'] },
  ),
} as const;

/** Every kind that Weft understands, whether it is built in or somebody defines it. */
export const knownResources: readonly Resource[] = [
  ...Object.values(resources),
  ...Object.values(policyResources),
  ...Object.values(loadBalancerResources),
  ...Object.values(addressResources),
  ...Object.values(fabricResources),
  ...Object.values(layer2Resources),
];

/** `v1` or `apps/v1`: what stands in an object's `apiVersion`. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/**
 * The resource that serves objects of this apiVersion and kind; undefined when Weft has none. Versions of a kind that
 * have the same fields are one resource.
 */
export function resourceOf(object: { apiVersion: string; kind: string }): Resource | undefined {
  return byApiVersionAndKind.get(`${object.apiVersion} ${object.kind}`);
}

const byApiVersionAndKind = new Map<string, Resource>(
  knownResources.map((resource) => [`${apiVersionOf(resource)} ${resource.kind}`, resource]),
);
byApiVersionAndKind.set(
  'policy.networking.k8s.io/v1beta1 ClusterNetworkPolicy',
  policyResources.clusternetworkpolicies,
);
byApiVersionAndKind.set('metallb.io/v1beta1 BGPPeer', loadBalancerResources.bgppeers);

/** `namespace/name`, or `name` for a cluster-scoped object: the key of caches and indexes. */
export function keyOf(object: { metadata: { namespace?: string; name: string } }): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}
