/**
 * Workloads and the lives of their pods, with packets, in the model `calico`.
 *
 *     node-1  pods 10.244.0.0/24, default/client
 *     node-2  pods 10.244.1.0/24
 *     node-3  pods 10.244.2.0/24
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { Pod } from '../../src/api/types/core.ts';
import type { KubernetesObject } from '../../src/api/types/meta.ts';
import { cannotSendPackets, places, podOn, startLab, type TestLab } from '../support/lab.ts';
import { eventually, openFlow } from './flow.ts';
import { deployment, job, podsOf, serviceOf, withSpec, workload } from './objects.ts';
import { startTraffic } from './traffic.ts';

const webIP = '10.96.0.80';

describe('workloads', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let client = '';
  const always: readonly KubernetesObject[] = [podOn('node-1', 'default/client')];

  before(async () => {
    lab = await startLab('work');
    await lab.apply(always);
    client = await lab.netnsOf('default/client');
  });
  afterEach(() => lab.apply(always));
  after(async () => lab?.down());

  /** Asks a pod by its address and says who answered. */
  const whoAnswers = async (pod: Pod): Promise<string | undefined> => {
    const result = await lab.probe(client, `${pod.status?.podIP}:8080`);
    return result.answer?.pod;
  };
  const nodesOf = (pods: readonly Pod[]): string[] =>
    pods.map(({ spec }) => spec.nodeName ?? '').toSorted((a, b) => a.localeCompare(b));
  const scale = (name: string, replicas: number): Promise<unknown> =>
    lab.connection.client.patch(
      resources.deployments,
      { namespace: 'default', name },
      { body: { spec: { replicas } } },
    );
  const readyPods = async (app: string): Promise<Pod[]> =>
    (await podsOf(lab, app)).filter(({ status }) => status?.phase === 'Running');

  test('every kind of workload runs pods that answer under their own addresses', async () => {
    await lab.apply([
      ...always,
      deployment('dep', 2),
      workload('ReplicaSet', 'rep'),
      withSpec(workload('StatefulSet', 'set'), { replicas: 2, serviceName: 'set' }),
      serviceOf('set', { clusterIP: 'None' }),
      workload('DaemonSet', 'dae'),
      job('job'),
    ]);
    const counts = { dep: 2, rep: 1, set: 2, dae: 3, job: 1 };
    const addresses = new Set<string>();
    for (const [app, count] of Object.entries(counts)) {
      const pods = await podsOf(lab, app);
      assert.equal(pods.length, count, app);
      for (const pod of pods) {
        assert.equal(await whoAnswers(pod), `default/${pod.metadata.name}`);
        addresses.add(pod.status?.podIP ?? '');
      }
    }
    assert.equal(addresses.size, 9);
    const names = (await podsOf(lab, 'set')).map(({ metadata }) => metadata.name);
    assert.deepEqual(names, ['set-0', 'set-1']);
    assert.deepEqual(
      nodesOf(await podsOf(lab, 'dae')),
      places.map(({ name }) => name),
    );
  });

  test('pods run where their node selector and node name say, on the host network under the address of the node', async () => {
    await lab.apply([
      ...always,
      deployment('pick', 3, { nodeSelector: { 'kubernetes.io/hostname': 'node-3' } }),
      workload('DaemonSet', 'host', {
        hostNetwork: true,
        nodeSelector: { 'kubernetes.io/hostname': 'node-2' },
      }),
    ]);
    assert.deepEqual(nodesOf(await podsOf(lab, 'pick')), ['node-3', 'node-3', 'node-3']);
    const [host] = await podsOf(lab, 'host');
    assert.equal(host?.status?.podIP, places[1]?.address);
    assert.equal(host !== undefined && (await whoAnswers(host)), `default/${host?.metadata.name}`);
  });

  test('scaling up and down under load loses no connection that is new', async () => {
    await lab.apply([...always, deployment('web', 2), serviceOf('web', { clusterIP: webIP })]);
    const traffic = startTraffic(lab, client, { address: webIP, port: 80 });
    await scale('web', 6);
    await eventually('all six answer', () => traffic.answers.size >= 6);
    assert.deepEqual(traffic.failures, []);

    const lasting = Array.from({ length: 24 }, () =>
      openFlow(lab.sockets, client, { protocol: 'tcp', address: webIP, port: 80 }),
    );
    const served: string[] = [];
    for (const flow of lasting) {
      flow.ask();
      served.push((await flow.answer())?.pod ?? '');
    }
    await scale('web', 1);
    await eventually('five are gone', async () => (await podsOf(lab, 'web')).length === 1);
    await eventually('their namespaces too', () => podNamespaces(lab) === 3);
    await traffic.stop();
    assert.deepEqual(traffic.failures, []);
    const [left] = (await podsOf(lab, 'web')).map(({ metadata }) => `default/${metadata.name}`);
    for (const [index, flow] of lasting.entries()) {
      if (served[index] === left) {
        flow.ask();
        assert.equal((await flow.answer())?.pod, left, 'connections to who stays live on');
      }
      flow.close();
    }
    assert.ok(served.includes(left ?? ''));
  });

  test('a UDP client of a Service is served by another pod when its own goes', async () => {
    await lab.apply([...always, deployment('web', 2), serviceOf('web', { clusterIP: webIP })]);
    const flow = openFlow(lab.sockets, client, { protocol: 'udp', address: webIP, port: 53 });
    flow.ask();
    const first = (await flow.answer())?.pod.replace('default/', '') ?? '';
    await lab.connection.client.delete(resources.pods, { namespace: 'default', name: first });
    await eventually('two pods are there', async () => (await readyPods('web')).length === 2);
    await eventually('somebody else answers', async () => {
      flow.ask();
      const pod = (await flow.answer(100))?.pod;
      return pod !== undefined && pod !== `default/${first}`;
    });
    flow.close();
  });

  test('a pod that cannot start says why, disturbs nobody, and starts when it can', async () => {
    const hosts = (['one', 'two'] as const).map((name): Pod => {
      const { metadata, ...pod } = podOn('node-2', `default/${name}`);
      return { ...pod, metadata, spec: { ...pod.spec, hostNetwork: true } };
    });
    const [one, two] = hosts;
    assert.ok(one !== undefined && two !== undefined);
    await lab.apply([...always, one, deployment('web', 1)]);
    await lab.connection.client.create(resources.pods, two);
    const condition = async (): Promise<string | undefined> =>
      (await lab.pod('default/two')).status?.conditions?.find(({ type }) => type === 'Ready')?.message;
    await eventually('it says why', async () => (await condition()) !== undefined);
    assert.match((await condition()) ?? '', /8080/);
    assert.equal((await lab.pod('default/two')).status?.phase, 'Pending');
    assert.equal(await whoAnswers(await lab.pod('default/one')), 'default/one');
    const [web] = await podsOf(lab, 'web');
    assert.equal(web !== undefined && (await whoAnswers(web)), `default/${web?.metadata.name}`);
    await lab.connection.client.delete(resources.pods, { namespace: 'default', name: 'one' });
    await eventually('it starts', async () => (await lab.pod('default/two')).status?.phase === 'Running');
    assert.equal(await whoAnswers(await lab.pod('default/two')), 'default/two');
    await lab.connection.client.delete(resources.pods, { namespace: 'default', name: 'two' });
  });
});

/** How many pods have a namespace, cluster DNS included. */
function podNamespaces(lab: TestLab): number {
  return lab.namespaces.list().filter((name) => name.startsWith('pod-')).length;
}
