import { fabricResources } from '../../api/resources.ts';
import type { PolicyRule } from './port.ts';

/** A ClusterRole that every cluster has, and whom it is bound to. */
export interface PolicyRole {
  readonly name: string;
  readonly rules: readonly PolicyRule[];
  readonly labels?: Readonly<Record<string, string>>;
  /** The label of the roles whose rules it takes on, instead of rules of its own. */
  readonly aggregates?: string;
  readonly groups?: readonly string[];
  readonly users?: readonly string[];
}

const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const readWrite = [...read, ...write];

function on(apiGroup: string, resources: readonly string[], verbs: readonly string[]): PolicyRule {
  return { verbs, apiGroups: [apiGroup], resources };
}

function paths(...nonResourceURLs: string[]): PolicyRule {
  return { verbs: ['get'], nonResourceURLs };
}

const aggregate = (to: string): string => `rbac.authorization.k8s.io/aggregate-to-${to}`;
const labelled = (to: string): Record<string, string> => ({ [aggregate(to)]: 'true' });

const health = ['/healthz', '/livez', '/readyz', '/version', '/version/'];
const rbac = 'rbac.authorization.k8s.io';

/** Everything in a namespace that tells nobody's secrets. */
const toView = [
  on('', ['configmaps', 'endpoints', 'persistentvolumeclaims', 'persistentvolumeclaims/status'], read),
  on('', ['pods', 'replicationcontrollers', 'replicationcontrollers/scale', 'serviceaccounts'], read),
  on('', ['services', 'services/status', 'bindings', 'events', 'limitranges', 'namespaces/status'], read),
  on('', ['pods/log', 'pods/status', 'replicationcontrollers/status'], read),
  on('', ['resourcequotas', 'resourcequotas/status', 'namespaces'], read),
  on('discovery.k8s.io', ['endpointslices'], read),
  on('events.k8s.io', ['events'], read),
  on(
    'apps',
    [
      'controllerrevisions',
      'daemonsets',
      'daemonsets/status',
      ...['deployments', 'replicasets', 'statefulsets'].flatMap((it) => [it, `${it}/scale`, `${it}/status`]),
    ],
    read,
  ),
  on('autoscaling', ['horizontalpodautoscalers', 'horizontalpodautoscalers/status'], read),
  on('batch', ['cronjobs', 'cronjobs/status', 'jobs', 'jobs/status'], read),
  on('policy', ['poddisruptionbudgets', 'poddisruptionbudgets/status'], read),
  on('networking.k8s.io', ['ingresses', 'ingresses/status', 'networkpolicies'], read),
];

const toEdit = [
  on('', ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'secrets', 'services/proxy'], read),
  on('', ['serviceaccounts'], ['impersonate']),
  on('', ['pods', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy'], write),
  on('', ['pods/eviction'], ['create']),
  on('', ['configmaps', 'events', 'persistentvolumeclaims', 'replicationcontrollers'], write),
  on('', ['replicationcontrollers/scale', 'secrets', 'serviceaccounts', 'services', 'services/proxy'], write),
  on('', ['serviceaccounts/token'], ['create']),
  on(
    'apps',
    [
      'daemonsets',
      'deployments',
      'deployments/rollback',
      'deployments/scale',
      'replicasets',
      'replicasets/scale',
      'statefulsets',
      'statefulsets/scale',
    ],
    write,
  ),
  on('autoscaling', ['horizontalpodautoscalers'], write),
  on('batch', ['cronjobs', 'jobs'], write),
  on('policy', ['poddisruptionbudgets'], write),
  on('networking.k8s.io', ['ingresses', 'networkpolicies'], write),
  on('coordination.k8s.io', ['leases'], readWrite),
  on('events.k8s.io', ['events'], write),
];

const toAdmin = [
  on('authorization.k8s.io', ['localsubjectaccessreviews'], ['create']),
  on(rbac, ['roles', 'rolebindings'], readWrite),
];

/** Upstream's roles, as far as there is something here that they are about. */
const upstream: readonly PolicyRole[] = [
  {
    name: 'cluster-admin',
    rules: [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      { verbs: ['*'], nonResourceURLs: ['*'] },
    ],
    groups: ['system:masters'],
  },
  { name: 'admin', rules: [], aggregates: aggregate('admin') },
  { name: 'edit', rules: [], aggregates: aggregate('edit'), labels: labelled('admin') },
  { name: 'view', rules: [], aggregates: aggregate('view'), labels: labelled('edit') },
  { name: 'system:aggregate-to-admin', rules: toAdmin, labels: labelled('admin') },
  { name: 'system:aggregate-to-edit', rules: toEdit, labels: labelled('edit') },
  { name: 'system:aggregate-to-view', rules: toView, labels: labelled('view') },
  {
    name: 'system:discovery',
    rules: [paths('/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*', ...health)],
    groups: ['system:authenticated'],
  },
  {
    name: 'system:public-info-viewer',
    rules: [paths(...health)],
    groups: ['system:authenticated', 'system:unauthenticated'],
  },
  {
    name: 'system:basic-user',
    rules: [
      on('authorization.k8s.io', ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], ['create']),
      on('authentication.k8s.io', ['selfsubjectreviews'], ['create']),
    ],
    groups: ['system:authenticated'],
  },
  {
    name: 'system:service-account-issuer-discovery',
    rules: [
      paths(
        '/.well-known/openid-configuration',
        '/.well-known/openid-configuration/',
        '/openid/v1/jwks',
        '/openid/v1/jwks/',
      ),
    ],
    groups: ['system:serviceaccounts'],
  },
  {
    name: 'system:auth-delegator',
    rules: [
      on('authentication.k8s.io', ['tokenreviews'], ['create']),
      on('authorization.k8s.io', ['subjectaccessreviews'], ['create']),
    ],
  },
  {
    name: 'system:monitoring',
    rules: [
      paths(
        '/metrics',
        '/metrics/slis',
        '/livez',
        '/readyz',
        '/healthz',
        '/livez/*',
        '/readyz/*',
        '/healthz/*',
      ),
    ],
    groups: ['system:monitoring'],
  },
  {
    name: 'system:node-proxier',
    rules: [
      on('', ['services', 'endpoints'], ['list', 'watch']),
      on('', ['nodes'], read),
      on('discovery.k8s.io', ['endpointslices'], ['list', 'watch']),
      on('networking.k8s.io', ['servicecidrs'], ['list', 'watch']),
      on('', ['events'], ['create', 'patch', 'update']),
      on('events.k8s.io', ['events'], ['create', 'patch', 'update']),
    ],
    users: ['system:kube-proxy'],
  },
];

/** Users of Weft's own processes; each has a credential of its own. */
export const componentUsers = {
  agents: 'weft:agents',
  controllers: 'weft:controllers',
  dns: 'weft:dns',
  fabric: 'weft:fabric',
} as const;

const tellEvents = on('', ['events'], ['create', 'patch']);

/** What the announcing of load balancers' addresses follows from. */
const announcing = [
  'bfdprofiles',
  'bgpadvertisements',
  'bgppeers',
  'communities',
  'ipaddresspools',
  'l2advertisements',
];

/** What says who announces what. */
const announced = ['servicebgpstatuses', 'servicel2statuses'];

/** Kinds that describe the world around the nodes. */
const fabricPlurals = Object.keys(fabricResources);

/** Which segments and switches there are, what is plugged into them, and who has which address there. */
const aboutLayer2 = [
  on('weft.dev', ['segments', 'virtualswitches', 'virtualmachines', 'segmentaddresses'], ['list', 'watch']),
];

/** What Weft's own processes need, and no more. Writes about nodes and their pods are made as those nodes. */
const own: readonly PolicyRole[] = [
  {
    // What the network follows from is the same for all nodes: who may talk to whom depends on everybody's labels.
    name: 'weft:agents',
    rules: [
      on('', ['namespaces', 'nodes', 'pods', 'services'], ['list', 'watch']),
      on('discovery.k8s.io', ['endpointslices'], ['list', 'watch']),
      on('networking.k8s.io', ['networkpolicies'], ['list', 'watch']),
      on(
        'policy.networking.k8s.io',
        ['adminnetworkpolicies', 'baselineadminnetworkpolicies', 'clusternetworkpolicies'],
        ['list', 'watch'],
      ),
      on('metallb.io', announcing, ['list', 'watch']),
      on('metallb.io', announced, ['list', 'watch', 'create', 'delete']),
      on(
        'metallb.io',
        announced.map((plural) => `${plural}/status`),
        ['patch'],
      ),
      on('acn.azure.com', ['nodenetworkconfigs'], ['list', 'watch']),
      // What has an address of its network is taken for a pod there.
      on('weft.dev', ['virtualnetworks'], ['list', 'watch']),
      // Who else answers for an address is heard by those who announce it.
      on('weft.dev', ['loadbalanceraddresses/status'], ['patch']),
      ...aboutLayer2,
      // Who takes a pod down gives back its addresses.
      on('weft.dev', ['segmentaddresses'], ['delete']),
      on('k8s.cni.cncf.io', ['network-attachment-definitions', 'multi-networkpolicies'], ['list', 'watch']),
      tellEvents,
    ],
    users: [componentUsers.agents],
  },
  {
    name: 'weft:dns',
    rules: [
      on('', ['pods', 'services'], ['list', 'watch']),
      on('discovery.k8s.io', ['endpointslices'], ['list', 'watch']),
      // A virtual network may say who is asked for names outside the cluster.
      on('weft.dev', ['virtualnetworks'], ['list', 'watch']),
    ],
    users: [componentUsers.dns],
  },
  {
    name: 'weft:fabric',
    rules: [
      // Where packets for addresses of nodes' pods go to.
      on('acn.azure.com', ['nodenetworkconfigs'], ['list', 'watch']),
      on('', ['nodes'], ['list', 'watch']),
      // The lab's router is what the nodes speak BGP with.
      on('metallb.io', ['bgppeers', 'bfdprofiles', 'ipaddresspools', 'l2advertisements'], ['list', 'watch']),
      // A virtual network hands load balancers' addresses to nodes that have endpoints.
      on('', ['services'], ['list', 'watch']),
      on('discovery.k8s.io', ['endpointslices'], ['list', 'watch']),
      on('weft.dev', fabricPlurals, ['list', 'watch']),
      on('weft.dev', ['noderoutes/status', 'virtualmachines/status', 'virtualnetworks/status'], ['patch']),
      ...aboutLayer2,
      on('weft.dev', ['noderoutes'], ['list', 'watch']),
      // DHCP servers write down what they give, before they say so.
      on('weft.dev', ['segmentaddresses'], ['get', 'create', 'delete']),
      on('weft.dev', ['segmentaddresses/status'], ['patch']),
      tellEvents,
    ],
    users: [componentUsers.fabric],
  },
  {
    name: 'weft:controllers',
    rules: [
      // Garbage is collected and namespaces are emptied of every kind there is.
      on('*', ['*'], [...read, 'delete', 'patch', 'update']),
      on('', ['configmaps', 'endpoints', 'events', 'namespaces', 'pods', 'serviceaccounts'], ['create']),
      on('', ['pods/binding'], ['create']),
      on('coordination.k8s.io', ['leases'], ['create']),
      on('apps', ['replicasets'], ['create']),
      on('batch', ['jobs'], ['create']),
      on('discovery.k8s.io', ['endpointslices'], ['create']),
      on('weft.dev', ['loadbalanceraddresses', 'segmentaddresses', 'subnetallocations'], ['create']),
      on('acn.azure.com', ['nodenetworkconfigs'], ['create']),
    ],
    users: [componentUsers.controllers],
  },
];

/** Every ClusterRole that a cluster has from the start. */
export const clusterPolicy: readonly PolicyRole[] = [...upstream, ...own];
