import type { Case } from '../ask.ts';
import { casesOf, withStatus } from './make.ts';

const configMap = casesOf('v1', 'ConfigMap');
const secret = casesOf('v1', 'Secret');
const node = casesOf('v1', 'Node', { cluster: true });
const namespaceCase = casesOf('v1', 'Namespace', { cluster: true });
const account = casesOf('v1', 'ServiceAccount');
const quota = casesOf('v1', 'ResourceQuota');
const limits = casesOf('v1', 'LimitRange');
const controller = casesOf('v1', 'ReplicationController');
const volume = casesOf('v1', 'PersistentVolume', { cluster: true });
const claim = casesOf('v1', 'PersistentVolumeClaim');
const event = casesOf('v1', 'Event');

const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const volumeSpec = {
  accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
  capacity: { storage: '1Gi' },
  hostPath: { path: '/a' },
};
const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'a', image: 'b' }] } };
const involvedObject = { kind: 'Pod', name: 'a', namespace: 'compared', fieldPath: 'spec.containers{a}' };
const at = '2026-01-02T03:04:05.000006Z';
const action = { action: 'Do', reason: 'Done', type: 'Normal', eventTime: at };

export const coreCases: readonly Case[] = [
  configMap('a config map', { data: { a: 'b' }, binaryData: { c: 'ZA==' } }),
  configMap('a config map of nothing', {}),
  configMap('a config map whose keys are none', { data: { 'a b': '', '..': '', '.': '' } }),
  configMap('a config map with a key twice', { data: { a: '' }, binaryData: { a: '' } }),
  configMap(
    'a config map that is for good',
    { immutable: true, data: { a: 'b' } },
    { data: { a: 'c' } },
    { immutable: false },
    { binaryData: { d: 'ZA==' } },
    { metadata: { labels: { a: 'b' } } },
  ),
  configMap('a config map that becomes for good', { data: { a: 'b' } }, { immutable: true }, { data: null }),
  secret('a secret', { data: { a: 'Yg==' } }),
  secret('a secret in plain text', { stringData: { a: 'b' }, data: { a: 'Yg==', c: 'ZA==' } }),
  secret('a secret whose keys are none', { data: { 'a b': '' } }),
  secret('a secret that is no base64', { data: { a: '%%%' } }),
  secret('a secret for TLS', { type: 'kubernetes.io/tls', data: { 'tls.crt': '', 'tls.key': '' } }),
  secret('a secret for TLS without key', { type: 'kubernetes.io/tls', data: { 'tls.crt': '' } }),
  secret('a secret for SSH without key', { type: 'kubernetes.io/ssh-auth', data: {} }),
  secret('a secret with a password without one', { type: 'kubernetes.io/basic-auth', data: {} }),
  secret('a secret of docker that is none', {
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': 'Yg==' },
  }),
  secret('a secret of docker', {
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': 'e30=' },
  }),
  secret('a secret of docker without any', { type: 'kubernetes.io/dockercfg', data: {} }),
  secret('a token of nobody', { type: 'kubernetes.io/service-account-token' }),
  secret('a secret of another type', {}, { type: 'a/b' }),
  secret(
    'a secret that is for good',
    { immutable: true, data: { a: 'Yg==' } },
    { data: { a: 'Yw==' } },
    { stringData: { e: 'f' } },
    { immutable: null },
  ),
  node('a node', {}),
  node('a node with ranges', { spec: { podCIDR: '10.9.0.0/24', podCIDRs: ['10.9.0.0/24'] } }),
  node(
    'a node whose range changes',
    { spec: { podCIDR: '10.9.0.0/24', podCIDRs: ['10.9.0.0/24'] } },
    { spec: { podCIDR: '10.9.1.0/24', podCIDRs: ['10.9.1.0/24'] } },
  ),
  node('a node that gets a range', {}, { spec: { podCIDR: '10.9.0.0/24' } }),
  node('a node with ranges that are none', { spec: { podCIDR: 'x', podCIDRs: ['x'] } }),
  node('a node with two ranges of a family', { spec: { podCIDRs: ['10.9.0.0/24', '10.9.1.0/24'] } }),
  node('a node with a provider', { spec: { providerID: 'a' } }, { spec: { providerID: 'b' } }),
  node('a node with taints', { spec: { unschedulable: true, taints: [{ key: 'a', effect: 'NoSchedule' }] } }),
  node('a node with taints that are none', { spec: { taints: [{ key: 'a b', effect: 'Near' }] } }),
  node('a node with roles', {
    metadata: {
      labels: { 'node-role.kubernetes.io/b': '', 'node-role.kubernetes.io/a': '', 'kubernetes.io/role': 'c' },
    },
  }),
  namespaceCase('a namespace', {}),
  namespaceCase('a namespace with another name', {
    metadata: { labels: { 'kubernetes.io/metadata.name': 'x' } },
  }),
  namespaceCase('a namespace that is none', { metadata: { name: 'a.b' } }),
  account('an account', {}),
  quota('a quota', { spec: { hard: { pods: '10', 'requests.cpu': '1', 'limits.cpu': '2' } } }),
  quota('a quota of what is none', {
    spec: { hard: { 'a b': '1', pods: '-1', cpus: '1', 'count/a': '1.5' } },
  }),
  quota(
    'a quota of a scope',
    { spec: { hard: { pods: '1' }, scopes: ['BestEffort'] } },
    { spec: { scopes: ['Terminating'] } },
  ),
  quota('a quota of scopes that fight', {
    spec: { hard: { pods: '1' }, scopes: ['BestEffort', 'NotBestEffort'] },
  }),
  quota('a quota of a scope that is none', { spec: { hard: { pods: '1' }, scopes: ['Near'] } }),
  withStatus(quota('a quota that is used', { spec: { hard: { pods: '10' } } }), {
    hard: { pods: '10', 'requests.cpu': '1', 'limits.cpu': '2' },
    used: { pods: '3', 'requests.cpu': '500m', 'limits.cpu': '0' },
  }),
  limits('limits', { spec: { limits: [{ type: 'Container', max: { cpu: '2' }, min: { cpu: '100m' } }] } }),
  limits('limits with a default', { spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] } }),
  limits('limits of pods with a default', {
    spec: { limits: [{ type: 'Pod', default: { cpu: '1' }, defaultRequest: { cpu: '1' } }] },
  }),
  limits('limits twice', { spec: { limits: [{ type: 'Pod' }, { type: 'Pod' }] } }),
  limits('limits upside down', { spec: { limits: [{ type: 'Pod', min: { cpu: '2' }, max: { cpu: '1' } }] } }),
  limits('limits of what is none', { spec: { limits: [{ type: 'Near', max: { 'a b': '1' } }] } }),
  limits('limits of claims', { spec: { limits: [{ type: 'PersistentVolumeClaim', max: { cpu: '1' } }] } }),
  controller('a controller', { spec: { selector: { app: 'x' }, template } }),
  controller('a controller without selector', { spec: { template } }),
  controller('a controller of others', { spec: { selector: { app: 'y' }, template } }),
  controller('a controller without template', { spec: { selector: { app: 'x' } } }),
  controller('a controller of fewer than none', { spec: { replicas: -1, selector: { app: 'x' }, template } }),
  volume('a volume', { spec: volumeSpec }),
  volume('a volume without size', { spec: { ...volumeSpec, capacity: undefined } }),
  volume('a volume without modes', { spec: { ...volumeSpec, accessModes: [] } }),
  volume('a volume without source', { spec: { ...volumeSpec, hostPath: undefined } }),
  volume('a volume that changes', { spec: volumeSpec }, { spec: { hostPath: { path: '/b' } } }),
  claim('a claim', { spec: claimSpec }),
  claim(
    'a claim of a class',
    { spec: { ...claimSpec, storageClassName: 'a' } },
    { spec: { storageClassName: 'b' } },
  ),
  claim('a claim without modes', { spec: { ...claimSpec, accessModes: [] } }),
  claim('a claim of a mode that is none', { spec: { ...claimSpec, accessModes: ['Near'] } }),
  claim('a claim without size', { spec: { accessModes: ['ReadWriteOnce'] } }),
  claim('a claim of nothing', { spec: { ...claimSpec, resources: { requests: { storage: '0' } } } }),
  claim(
    'a claim that is bound',
    { spec: claimSpec },
    { spec: { volumeName: 'a' } },
    { spec: { volumeName: 'b' } },
  ),
  event('an event', {
    involvedObject,
    reason: 'A',
    message: ' b ',
    type: 'Normal',
    source: { component: 'c', host: 'd' },
    firstTimestamp: '2026-01-02T03:04:05Z',
    lastTimestamp: '2026-01-02T03:04:05Z',
    count: 3,
  }),
  event('an event of another namespace', { involvedObject: { kind: 'Pod', name: 'a', namespace: 'other' } }),
  event('an event of no namespace', { involvedObject: { kind: 'Node', name: 'a' } }),
  event('an event of now', {
    involvedObject,
    ...action,
    reportingComponent: 'a.example/b',
    reportingInstance: 'c',
  }),
  event('an event of now by nobody', { involvedObject, eventTime: at }),
  event('an event that goes on', {
    involvedObject,
    ...action,
    reportingComponent: 'a',
    reportingInstance: 'c',
    series: { count: 4, lastObservedTime: at },
  }),
];

const pdb = casesOf('policy/v1', 'PodDisruptionBudget');
const lease = casesOf('coordination.k8s.io/v1', 'Lease');
const hpa = casesOf('autoscaling/v2', 'HorizontalPodAutoscaler');
const role = casesOf('rbac.authorization.k8s.io/v1', 'Role');
const clusterRole = casesOf('rbac.authorization.k8s.io/v1', 'ClusterRole', { cluster: true });
const binding = casesOf('rbac.authorization.k8s.io/v1', 'RoleBinding');
const clusterBinding = casesOf('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', { cluster: true });
const storageClass = casesOf('storage.k8s.io/v1', 'StorageClass', {
  plural: 'storageclasses',
  cluster: true,
});
const priority = casesOf('scheduling.k8s.io/v1', 'PriorityClass', {
  plural: 'priorityclasses',
  cluster: true,
});

const selector = { matchLabels: { app: 'x' } };
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' };
const metric = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
};
const rule = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };
const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'a' };
const subjects = [
  { kind: 'User', name: 'u', apiGroup: 'rbac.authorization.k8s.io' },
  { kind: 'Group', name: 'g' },
  { kind: 'ServiceAccount', name: 's', namespace: 'n' },
];
const budget = (name: string, spec: object, ...specs: object[]): Case =>
  pdb(name, { spec: { selector, ...spec } }, ...specs.map((one) => ({ spec: one })));
const scaler = (name: string, spec: object): Case =>
  hpa(name, { spec: { scaleTargetRef, maxReplicas: 3, ...spec } });

export const groupCases: readonly Case[] = [
  budget('a budget', { minAvailable: 1 }),
  budget('a budget of a share', { maxUnavailable: '50%' }),
  budget('a budget of both', { minAvailable: 1, maxUnavailable: 1 }),
  budget('a budget of more than all', { minAvailable: '101%' }),
  budget('a budget of less than nothing', { maxUnavailable: -1 }),
  budget('a budget of a word', { maxUnavailable: 'x' }),
  budget('a budget of nothing', { selector: undefined }),
  budget('a budget whose selector is none', { selector: { matchLabels: { 'a b': '' } } }),
  budget('a budget with a policy', { unhealthyPodEvictionPolicy: 'AlwaysAllow' }),
  budget('a budget with a policy that is none', { unhealthyPodEvictionPolicy: 'Near' }),
  budget(
    'a budget that changes',
    { minAvailable: 1 },
    { minAvailable: 2, selector: { matchLabels: { app: 'z' } } },
  ),
  withStatus(budget('a budget that is kept', { minAvailable: 1 }), {
    disruptionsAllowed: 2,
    currentHealthy: 3,
    desiredHealthy: 1,
    expectedPods: 3,
  }),
  withStatus(budget('a budget that cannot be', { minAvailable: 1 }), {
    disruptionsAllowed: -2,
    currentHealthy: -3,
    desiredHealthy: -1,
    expectedPods: -3,
  }),
  lease('a lease', { spec: { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: at } }),
  lease('a lease of nothing', {}),
  lease('a lease that is none', { spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } }),
  lease('a lease with a preference', { spec: { preferredHolder: 'a' } }),
  lease('a lease with a strategy', { spec: { preferredHolder: 'a', strategy: 'OldestEmulationVersion' } }),
  lease('a lease with a strategy that is none', { spec: { strategy: 'A B' } }),
  scaler('a scaler', {}),
  scaler('a scaler by load', { minReplicas: 2, metrics: [metric] }),
  scaler('a scaler of none', { maxReplicas: 0 }),
  scaler('a scaler of less than none', { maxReplicas: -1, minReplicas: -1 }),
  scaler('a scaler upside down', { minReplicas: 5 }),
  scaler('a scaler of nobody', { scaleTargetRef: { kind: '', name: '' } }),
  scaler('a scaler of what is none', { scaleTargetRef: { apiVersion: 'a/b/c', kind: 'a/b', name: 'c/d' } }),
  scaler('a scaler by nothing', { metrics: [{ type: 'Resource' }] }),
  scaler('a scaler by what is none', { metrics: [{ type: 'Near' }] }),
  scaler('a scaler that behaves', { behavior: { scaleDown: { stabilizationWindowSeconds: 60 } } }),
  scaler('a scaler that misbehaves', {
    behavior: {
      scaleUp: {
        stabilizationWindowSeconds: -1,
        selectPolicy: 'Near',
        policies: [{ type: 'Near', value: 0, periodSeconds: 2000 }],
      },
    },
  }),
  role('a role', { rules: [rule] }),
  role('a role without verbs', { rules: [{ apiGroups: [''], resources: ['pods'], verbs: [] }] }),
  role('a role without resources', { rules: [{ apiGroups: [''], verbs: ['get'] }] }),
  role('a role without groups', { rules: [{ resources: ['pods'], verbs: ['get'] }] }),
  role('a role of addresses', { rules: [{ nonResourceURLs: ['/a'], verbs: ['get'] }] }),
  clusterRole('a cluster role', { rules: [rule, { nonResourceURLs: ['/a'], verbs: ['get'] }] }),
  clusterRole('a cluster role of both', { rules: [{ ...rule, nonResourceURLs: ['/a'] }] }),
  clusterRole('a cluster role of others', { aggregationRule: { clusterRoleSelectors: [selector] } }),
  clusterRole('a cluster role of nobody', { aggregationRule: { clusterRoleSelectors: [] } }),
  binding('a binding', { roleRef, subjects }),
  binding('a binding to another', { roleRef, subjects }, { roleRef: { name: 'b' } }),
  binding('a binding to what is none', { roleRef: { apiGroup: 'a', kind: 'Near', name: '' } }),
  binding('a binding of what is none', {
    roleRef,
    subjects: [
      { kind: 'Near', name: '' },
      { kind: 'ServiceAccount', name: 'A B' },
      { kind: 'User', name: 'u', apiGroup: 'x' },
    ],
  }),
  clusterBinding('a cluster binding', { roleRef, subjects }),
  clusterBinding('a cluster binding to a role', { roleRef: { ...roleRef, kind: 'Role' } }),
  storageClass('a storage class', { provisioner: 'a.example/b' }),
  storageClass('the storage class', {
    metadata: { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'a.example/b',
  }),
  storageClass('a storage class of nobody', {}),
  storageClass('a storage class of what is none', {
    provisioner: 'A B',
    reclaimPolicy: 'Near',
    volumeBindingMode: 'Near',
  }),
  storageClass(
    'a storage class that changes',
    { provisioner: 'a.example/b' },
    { provisioner: 'a.example/c' },
    { reclaimPolicy: 'Retain' },
    { parameters: { a: 'b' } },
    { volumeBindingMode: 'WaitForFirstConsumer' },
  ),
  priority('a priority', { value: 10 }),
  priority('a priority of the system', { metadata: { name: 'system-a' }, value: 10 }),
  priority('a priority that is too high', { value: 2000000001 }),
  priority(
    'a priority that changes',
    { value: 10 },
    { value: 11 },
    { preemptionPolicy: 'Never' },
    { description: 'a' },
  ),
  priority('a priority with a policy that is none', { value: 10, preemptionPolicy: 'Near' }),
];

const named = casesOf('v1', 'ConfigMap');

/** What every object says of itself. */
export const metadataCases: readonly Case[] = [
  named('labels', { metadata: { labels: { 'a.example/b': 'c', d: '' } } }),
  named('labels that are none', { metadata: { labels: { 'a b': 'c d', 'A/b': 'x', '/c': '' } } }),
  named('annotations that are none', { metadata: { annotations: { 'a b': '', 'A.example/B': '' } } }),
  named('annotations that are too large', { metadata: { annotations: { a: 'b'.repeat(262144) } } }),
  named('finalizers that are none', { metadata: { finalizers: ['a b', 'a', ''] } }),
  named('owners', {
    metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'a', uid: 'b' }] },
  }),
  named('owners that are none', {
    metadata: { ownerReferences: [{ apiVersion: '', kind: '', name: '', uid: '' }] },
  }),
  named('two owners that control', {
    metadata: {
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Pod', name: 'a', uid: 'b', controller: true },
        { apiVersion: 'v1', kind: 'Pod', name: 'c', uid: 'd', controller: true },
      ],
    },
  }),
  named('an event as owner', {
    metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: 'a', uid: 'b' }] },
  }),
  named('a name that is none', { metadata: { name: 'A b' } }),
  named('a name that is long', { metadata: { name: 'a'.repeat(254) } }),
  named('a name with a slash', { metadata: { name: 'a/b' } }),
  named('another uid', {}, { metadata: { uid: 'x' } }),
  named('another time', {}, { metadata: { creationTimestamp: '2020-01-01T00:00:00Z' } }),
  named('another generation', {}, { metadata: { generation: 7 } }),
  named('a deadline', {}, { metadata: { deletionTimestamp: '2020-01-01T00:00:00Z' } }),
];
