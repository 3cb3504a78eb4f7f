import assert from 'node:assert/strict';
import test from 'node:test';
import type { KubernetesObject } from '../types/meta.ts';
import { applyDefaults } from './apply.ts';

type Manifest = KubernetesObject & { spec?: unknown };

/** An object with a spec; its spec after defaulting. */
function specOf(apiVersion: string, kind: string, spec: object): unknown {
  const object: Manifest = { apiVersion, kind, metadata: { name: 'a', namespace: 'default' }, spec };
  const before = structuredClone(object);
  const { spec: defaulted } = applyDefaults(object);
  assert.deepEqual(object, before, 'the given object is left alone');
  assert.deepEqual(
    applyDefaults({ ...object, spec: defaulted }).spec,
    defaulted,
    'defaulting twice changes nothing',
  );
  return defaulted;
}

const container = { name: 'c', ports: [{ containerPort: 80 }, { containerPort: 53, protocol: 'UDP' }] };
const kept = {
  imagePullPolicy: 'Always',
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
};
const defaultedContainer = {
  ...kept,
  name: 'c',
  ports: [
    { containerPort: 80, protocol: 'TCP' },
    { containerPort: 53, protocol: 'UDP' },
  ],
};
const defaultedPod = {
  containers: [defaultedContainer],
  dnsPolicy: 'ClusterFirst',
  restartPolicy: 'Always',
  schedulerName: 'default-scheduler',
  terminationGracePeriodSeconds: 30,
};

test('a pod gets its DNS policy, restart policy and protocols', () => {
  assert.deepEqual(specOf('v1', 'Pod', { containers: [container], initContainers: [container] }), {
    ...defaultedPod,
    enableServiceLinks: true,
    initContainers: [defaultedContainer],
  });
});

test('a pod in the host network has host ports', () => {
  const spec = { containers: [{ name: 'c', ports: [{ containerPort: 80 }] }], hostNetwork: true };
  const ports = [{ containerPort: 80, protocol: 'TCP', hostPort: 80 }];
  assert.deepEqual(specOf('v1', 'Pod', spec), {
    ...defaultedPod,
    enableServiceLinks: true,
    hostNetwork: true,
    containers: [{ ...kept, name: 'c', ports }],
  });
});

test('a Service is a ClusterIP over TCP to the same port', () => {
  assert.deepEqual(
    specOf('v1', 'Service', { ports: [{ port: 80 }, { port: 53, targetPort: 'dns', protocol: 'UDP' }] }),
    {
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ipFamilyPolicy: 'SingleStack',
      ports: [
        { port: 80, protocol: 'TCP', targetPort: 80 },
        { port: 53, targetPort: 'dns', protocol: 'UDP' },
      ],
    },
  );
});

test('a LoadBalancer has an external traffic policy and node ports', () => {
  assert.deepEqual(specOf('v1', 'Service', { type: 'LoadBalancer', sessionAffinity: 'ClientIP' }), {
    type: 'LoadBalancer',
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
    internalTrafficPolicy: 'Cluster',
    externalTrafficPolicy: 'Cluster',
    ipFamilyPolicy: 'SingleStack',
    allocateLoadBalancerNodePorts: true,
  });
});

test('external addresses bring an external traffic policy, an external name none', () => {
  const external = specOf('v1', 'Service', { externalIPs: ['192.0.2.1'] });
  assert.deepEqual((external as { externalTrafficPolicy: string }).externalTrafficPolicy, 'Cluster');
  assert.deepEqual(specOf('v1', 'Service', { type: 'ExternalName', externalName: 'a.example' }), {
    type: 'ExternalName',
    externalName: 'a.example',
    sessionAffinity: 'None',
  });
});

test('a policy is for ingress, and for egress where it has egress rules', () => {
  assert.deepEqual(specOf('networking.k8s.io/v1', 'NetworkPolicy', {}), {
    podSelector: {},
    policyTypes: ['Ingress'],
  });
  assert.deepEqual(
    specOf('networking.k8s.io/v1', 'NetworkPolicy', { podSelector: {}, egress: [{ ports: [{ port: 53 }] }] }),
    {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      egress: [{ ports: [{ port: 53, protocol: 'TCP' }] }],
    },
  );
  const explicit = { podSelector: {}, policyTypes: ['Ingress'], egress: [{}] };
  assert.deepEqual(specOf('networking.k8s.io/v1', 'NetworkPolicy', explicit), explicit);
  assert.deepEqual(specOf('networking.k8s.io/v1', 'NetworkPolicy', { podSelector: {}, egress: [] }), {
    podSelector: {},
    policyTypes: ['Ingress'],
    egress: [],
  });
});

const template = { spec: { containers: [container] } };
const defaultedTemplate = { spec: defaultedPod };
const selector = { matchLabels: { app: 'a' } };

test('workloads get one replica and their strategy', () => {
  assert.deepEqual(specOf('apps/v1', 'Deployment', { selector, template }), {
    selector,
    template: defaultedTemplate,
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  });
  assert.deepEqual(specOf('apps/v1', 'StatefulSet', { selector, template, replicas: 0 }), {
    selector,
    template: defaultedTemplate,
    replicas: 0,
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    revisionHistoryLimit: 10,
  });
  assert.deepEqual(
    specOf('apps/v1', 'DaemonSet', { selector, template, updateStrategy: { type: 'OnDelete' } }),
    {
      selector,
      template: defaultedTemplate,
      updateStrategy: { type: 'OnDelete' },
      revisionHistoryLimit: 10,
    },
  );
  assert.deepEqual(specOf('apps/v1', 'ReplicaSet', { selector }), { selector, replicas: 1 });
});

test('a Job runs once, a work queue has no count', () => {
  const rest = {
    completionMode: 'NonIndexed',
    backoffLimit: 6,
    suspend: false,
    manualSelector: false,
    podReplacementPolicy: 'TerminatingOrFailed',
    template: defaultedTemplate,
  };
  assert.deepEqual(specOf('batch/v1', 'Job', { template }), { ...rest, parallelism: 1, completions: 1 });
  assert.deepEqual(specOf('batch/v1', 'Job', { template, parallelism: 3 }), { ...rest, parallelism: 3 });
});

test('a namespace carries its own name as a label, whatever it says', () => {
  const labels = { team: 'a', 'kubernetes.io/metadata.name': 'other' };
  assert.deepEqual(
    applyDefaults({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } }).metadata,
    {
      name: 'shop',
      labels: { team: 'a', 'kubernetes.io/metadata.name': 'shop' },
    },
  );
});

test('ports of endpoints are TCP', () => {
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'a' },
    ports: [{ port: 80 }],
  };
  assert.deepEqual(applyDefaults(slice).ports, [{ port: 80, name: '', protocol: 'TCP' }]);
  const endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'a' },
    subsets: [{ ports: [{ port: 80 }] }],
  };
  assert.deepEqual(applyDefaults(endpoints).subsets, [{ ports: [{ port: 80, protocol: 'TCP' }] }]);
});

test('a ClusterNetwork is filled in completely', () => {
  assert.deepEqual(specOf('weft.dev/v1alpha1', 'ClusterNetwork', { model: 'flannel' }), {
    model: 'flannel',
    dataplane: 'nftables',
    podCIDR: '10.244.0.0/16',
    serviceCIDR: '10.96.0.0/12',
    maxPodsPerNode: 110,
    establishedConnections: 'cut',
    externalIPs: 'Allow',
    masqueradeAll: false,
    nodePortAddresses: [],
    localhostNodePorts: false,
    upstreamResolvers: [],
    minimumDomainTTL: 30,
    podSubnet: 'pods',
    podIPAllocation: 'DynamicIndividual',
    cniMode: 'transparent',
  });
});

test('a kind that is not interpreted stays as it is', () => {
  const widget = {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'a' },
    spec: { ports: [{}] },
  };
  assert.equal(applyDefaults(widget), widget);
});

test('a null is an absent field, or an empty object in a list of objects', () => {
  const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'a' } };
  const spec = { podSelector: null, ingress: [null, { from: null }], policyTypes: null };
  assert.deepEqual(applyDefaults({ ...policy, spec }).spec, {
    podSelector: {},
    ingress: [{}, {}],
    policyTypes: ['Ingress'],
  });
  assert.deepEqual(applyDefaults<KubernetesObject & { spec?: unknown }>(policy).spec, {
    podSelector: {},
    policyTypes: ['Ingress'],
  });
});
