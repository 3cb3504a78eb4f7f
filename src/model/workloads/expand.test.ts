import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DaemonSet, StatefulSet } from '../../api/types/apps.ts';
import type { Node, Pod } from '../../api/types/core.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { defaultNetworkConfig } from '../network/config.ts';
import type { NetworkModel } from '../network/models.ts';
import { expandManifests } from './expand.ts';
import { replicaPodOf } from './pods.ts';
import { replicaSetOf } from './replica-set.ts';
import { makeDeployment, makePod, makeService, makeTemplate } from './testing.ts';

const daemonSet: DaemonSet = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'agent', namespace: 'kube-system' },
  spec: {
    selector: {},
    template: { ...makeTemplate({ app: 'agent' }), spec: { containers: [{ name: 'a' }], hostNetwork: true } },
  },
};

const statefulSet: StatefulSet = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'db', namespace: 'shop' },
  spec: { replicas: 2, serviceName: 'db', selector: {}, template: makeTemplate({ app: 'db' }) },
};

const manifests: KubernetesObject[] = [
  makeDeployment('web', { replicas: 4 }),
  statefulSet,
  daemonSet,
  makeService('web', { type: 'NodePort' }),
  makeService('db', { selector: { app: 'db' }, clusterIP: 'None' }),
];

/** A pod on the host network has its node's address, any other one of the node's block. */
function checkAddress(pod: Pod, node: Node | undefined): void {
  assert.ok(node);
  const address = pod.status?.podIP ?? '';
  if (pod.spec.hostNetwork === true) assert.equal(address, node.status?.addresses?.[0]?.address);
  else assert.equal(address.replace(/\d+$/, '0/24'), node.spec?.podCIDR);
}

describe('manifests as a cluster', () => {
  it('have all pods of all workloads, bound, ready and with addresses of their own', () => {
    const { pods, nodes } = expandManifests(manifests);
    assert.deepEqual([...nodes.keys()], ['node-1', 'node-2', 'node-3']);
    assert.equal(pods.size, 4 + 2 + 3);
    const own = [...pods.values()].filter(({ spec }) => spec.hostNetwork !== true);
    assert.equal(new Set(own.map(({ status }) => status?.podIP)).size, own.length);
    for (const pod of pods.values()) checkAddress(pod, nodes.get(pod.spec.nodeName ?? ''));
    const webNodes = [...pods.values()]
      .filter(({ metadata }) => metadata.labels?.['app'] === 'web')
      .map(({ spec }) => spec.nodeName);
    assert.equal(new Set(webNodes).size, 3);
  });

  it('have addresses and node ports for Services, and slices with every pod ready', () => {
    const { services, endpointSlices } = expandManifests(manifests);
    const web = services.get('shop/web')?.spec;
    assert.match(web?.clusterIP ?? '', /^10\.(9[6-9]|1[01]\d)\./);
    assert.ok((web?.ports?.[0]?.nodePort ?? 0) >= 30000);
    assert.equal(services.get('shop/db')?.spec.clusterIP, 'None');
    const ready = [...endpointSlices.values()].map(
      ({ endpoints }) => endpoints.filter(({ conditions }) => conditions?.ready).length,
    );
    assert.deepEqual(
      ready.toSorted((a, b) => a - b),
      [2, 4],
    );
  });

  it('have namespaces that are only referred to, with just their name as label', () => {
    const { namespaces } = expandManifests([makeService('web')]);
    assert.deepEqual(namespaces.get('shop')?.metadata.labels, { 'kubernetes.io/metadata.name': 'shop' });
  });

  it('are the same every time', () => {
    assert.deepEqual(expandManifests(manifests), expandManifests(structuredClone(manifests)));
  });

  it('may name their nodes and pods themselves, and then nothing is made twice', () => {
    const deployment = makeDeployment('web', { replicas: 2 });
    const set = replicaSetOf(deployment, { replicas: 2, revision: 1 });
    const pod = {
      ...replicaPodOf(set, 0),
      spec: { containers: [], nodeName: 'mine' },
      status: { podIP: '10.1.1.1' },
    };
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'mine' } };
    const cluster = expandManifests([deployment, set, pod, node]);
    assert.deepEqual([...cluster.nodes.keys()], ['mine']);
    assert.deepEqual(
      [...cluster.pods.values()].map(({ status }) => status?.podIP),
      ['10.1.1.1'],
    );
  });

  it('count a CronJob as one run of it', () => {
    const cronJob = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'nightly', namespace: 'shop' },
      spec: { jobTemplate: { spec: { template: makeTemplate({ app: 'nightly' }) } } },
    };
    const [pod] = expandManifests([cronJob]).pods.values();
    assert.deepEqual(pod?.metadata.labels, { app: 'nightly' });
  });

  it('leave a pod that fits nowhere without a node', () => {
    const pod = makePod('a', { node: '' });
    pod.spec.nodeSelector = { disk: 'none' };
    const { pods } = expandManifests([pod], { nodes: 1 });
    assert.ok(!pods.get('shop/a')?.spec.nodeName);
  });
});

it('machines around the nodes are ends, where the model has the world that they are in', () => {
  const machine = (name: string, place: object): KubernetesObject =>
    ({
      apiVersion: 'weft.dev/v1alpha1',
      kind: 'VirtualMachine',
      metadata: { name },
      spec: { interfaces: [{ name: 'eth0', addresses: ['172.20.128.4'], ...place }] },
    }) as KubernetesObject;
  const objects = [
    machine('vm', { network: 'default', subnet: 'machines' }),
    machine('camera', { segment: 'private' }),
  ];
  const endsIn = (model: NetworkModel): string[] => {
    const { machines } = expandManifests(objects, { config: { ...defaultNetworkConfig, model } });
    return [...(machines?.keys() ?? [])];
  };
  assert.deepEqual(endsIn('calico'), ['vm:camera']);
  assert.deepEqual(endsIn('kubenet'), ['vm:vm']);
});
