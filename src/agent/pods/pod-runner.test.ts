import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resources } from '../../api/resources.ts';
import type { Pod } from '../../api/types/core.ts';
import type { FakeCall } from '../../client/fake/client.ts';
import { WeftError } from '../../lib/errors.ts';
import { isPodReady } from '../../model/workloads/pod-state.ts';
import type { RouteNetlink } from '../../kernel/route/port.ts';
import { podLinkName } from '../../plan/links/node.ts';
import { drainMs } from './drain.ts';
import { createFakeCluster, type FakeCluster } from '../../../test/support/agents/cluster.ts';
import { netnsOfNode } from '../../../test/support/agents/fake-machine.ts';
import { podOf } from '../../../test/support/agents/objects.ts';

const a = { namespace: 'default', name: 'a' };
/** Longer than any back-off. */
const longMs = 30_000;

const messageOf = (pod: Pod | undefined): string | undefined =>
  pod?.status?.conditions?.find(({ type }) => type === 'Ready')?.message;
const uidOf = async (cluster: FakeCluster): Promise<string> =>
  (await cluster.pod('default/a'))?.metadata.uid ?? '';
const podNamespaces = (cluster: FakeCluster): string[] =>
  cluster.machine.namespaces.list().filter((name) => name.startsWith('pod-'));

describe('a pod that cannot be served', () => {
  test('says why, keeps its wire, and starts when it can; others do not wait for it', async () => {
    const cluster = createFakeCluster([podOf('a', 'n1'), podOf('b', 'n1')]);
    const serve = cluster.serving.serve.bind(cluster.serving);
    let fails = true;
    cluster.serving.serve = async (pod) => {
      if (fails && pod.pod === 'default/a') throw new WeftError('socket-in-use', 'port 8080 is taken');
      return serve(pod);
    };
    const agents = await cluster.startAgents();
    const waiting = await cluster.pod('default/a');
    assert.equal(waiting?.status?.phase, 'Pending');
    assert.match(messageOf(waiting) ?? '', /port 8080 is taken/);
    assert.ok(isPodReady((await cluster.pod('default/b')) ?? podOf('b', 'n1')));
    assert.equal(podNamespaces(cluster).length, 2);
    fails = false;
    await cluster.clock.advance(longMs);
    const pod = await cluster.pod('default/a');
    assert.ok(pod !== undefined && isPodReady(pod));
    assert.equal(messageOf(pod), undefined);
    await agents.stop();
  });

  test('is tried less and less often, also though its status changes with every try', async () => {
    const cluster = createFakeCluster([podOf('a', 'n1')]);
    let tries = 0;
    cluster.serving.serve = async () => {
      tries += 1;
      throw new WeftError('socket-in-use', `try ${tries}`);
    };
    const agents = await cluster.startAgents();
    await cluster.clock.advance(10_000);
    // 10 ms doubled: ten tries take ten seconds, or half of that by jitter.
    assert.ok(tries >= 5 && tries <= 13, `${tries} tries`);
    await agents.stop();
  });

  test('leaves nothing when it is deleted while it waits', async () => {
    const cluster = createFakeCluster([podOf('a', 'n1')]);
    cluster.serving.failure = 'socket-in-use';
    const agents = await cluster.startAgents();
    await cluster.client.delete(resources.pods, a);
    await cluster.settled();
    assert.deepEqual(podNamespaces(cluster), []);
    assert.deepEqual(cluster.settings.list(), []);
    assert.equal(cluster.machine.policySet('n1', 'pod-interfaces').size, 0);
    await cluster.clock.advance(longMs);
    assert.deepEqual(podNamespaces(cluster), []);
    await agents.stop();
  });

  test('keeps its phase when it ran before', async () => {
    const cluster = createFakeCluster([podOf('a', 'n1')]);
    await (await cluster.startAgents()).stop();
    cluster.serving.failure = 'rpc-unreachable';
    const agents = await cluster.startAgents();
    const pod = await cluster.pod('default/a');
    assert.deepEqual([pod?.status?.phase, pod !== undefined && isPodReady(pod)], ['Running', false]);
    assert.equal(pod?.status?.podIP, '10.244.0.1');
    await agents.stop();
  });
});

describe('a pod that is being deleted', () => {
  const held = { ...podOf('a', 'n1') };
  held.metadata = { ...held.metadata, finalizers: ['test/held'] };

  test('ends here, and the API is told once, whatever else it is kept for', async () => {
    const deletes: FakeCall[] = [];
    const intercept = (call: FakeCall): void => void (call.verb === 'delete' && deletes.push(call));
    const cluster = createFakeCluster([held], { intercept });
    const agents = await cluster.startAgents();
    assert.equal(podNamespaces(cluster).length, 1);
    await cluster.client.delete(resources.pods, a);
    await cluster.settled();
    await cluster.clock.advance(longMs);
    assert.deepEqual(podNamespaces(cluster), []);
    // The test's own, and the agent's.
    assert.equal(deletes.length, 2);
    await agents.stop();
  });

  test('is told until the API has heard it', async () => {
    let isDown = false;
    let asked = 0;
    const intercept = ({ verb }: FakeCall): void => {
      if (verb !== 'delete' || !isDown) return;
      asked += 1;
      throw new WeftError('api-unavailable', 'nobody answered');
    };
    const cluster = createFakeCluster([held], { intercept });
    const agents = await cluster.startAgents();
    await cluster.client.delete(resources.pods, a);
    isDown = true;
    await cluster.settled();
    await cluster.clock.advance(longMs);
    assert.ok(asked > 2, `asked ${asked} times`);
    isDown = false;
    await cluster.client.patch(resources.pods, a, { body: { metadata: { finalizers: null } } });
    await cluster.clock.advance(longMs);
    assert.equal(await cluster.pod('default/a'), undefined);
    await agents.stop();
  });
});

test('a pod that cannot be wired is taken apart and wired anew', async () => {
  const cluster = createFakeCluster([podOf('a', 'n1')]);
  const { machine } = cluster;
  let refuses = true;
  const route: RouteNetlink = {
    ...machine.route,
    apply(namespace, operations) {
      const [last] = operations.slice(-1);
      if (!refuses || last === undefined || !namespace.startsWith('pod-')) {
        return machine.route.apply(namespace, operations);
      }
      machine.route.apply(namespace, operations.slice(0, -1));
      return [{ operation: last, errno: 12, code: 'ENOMEM', message: 'no memory' }];
    },
  };
  const agents = await cluster.startAgents({ kernel: { ...machine, route } });
  assert.match(messageOf(await cluster.pod('default/a')) ?? '', /ENOMEM/);
  assert.deepEqual(podNamespaces(cluster), []);
  assert.equal(machine.policySet('n1', 'pod-interfaces').size, 0);
  refuses = false;
  await cluster.clock.advance(longMs);
  const pod = await cluster.pod('default/a');
  assert.ok(pod !== undefined && isPodReady(pod));
  const links = machine.route.dump(netnsOfNode('n1')).links;
  assert.ok(links.has(podLinkName(pod.metadata.uid ?? '')));
  await agents.stop();
});

test('a pod whose status cannot be written runs on, and the status comes later', async () => {
  let isDown = true;
  const intercept = ({ verb, resource }: FakeCall): void => {
    if (isDown && verb === 'patch' && resource.plural === 'pods')
      throw new WeftError('api-unavailable', 'no answer');
  };
  const cluster = createFakeCluster([podOf('a', 'n1')], { intercept });
  const unserved: string[] = [];
  cluster.serving.unserve = async (uid) => void unserved.push(uid);
  const agents = await cluster.startAgents();
  const uid = await uidOf(cluster);
  assert.ok(cluster.serving.served.has(uid));
  isDown = false;
  await cluster.clock.advance(longMs);
  const pod = await cluster.pod('default/a');
  assert.ok(pod !== undefined && isPodReady(pod));
  assert.deepEqual(unserved, []);
  await agents.stop();
});

test('a pod made anew under its name is set up when the old one is taken down, and gets a status of its own', async () => {
  const cluster = createFakeCluster([podOf('a', 'n1')]);
  const agents = await cluster.startAgents();
  const before = await uidOf(cluster);
  const calls: string[] = [];
  const serve = cluster.serving.serve.bind(cluster.serving);
  const unserve = cluster.serving.unserve.bind(cluster.serving);
  cluster.serving.serve = async (pod) => {
    calls.push(`serve ${pod.uid === before ? 'old' : 'new'}`);
    return serve(pod);
  };
  cluster.serving.unserve = async (uid) => {
    calls.push(`unserve ${uid === before ? 'old' : 'new'}`);
    await unserve(uid);
  };
  await cluster.client.delete(resources.pods, a);
  await cluster.client.create(resources.pods, podOf('a', 'n1'));
  await cluster.settled();
  const pod = await cluster.pod('default/a');
  assert.notEqual(pod?.metadata.uid, before);
  assert.ok(pod !== undefined && isPodReady(pod));
  assert.deepEqual(calls, ['unserve old', 'serve new']);
  assert.deepEqual(podNamespaces(cluster), [`pod-${pod.metadata.uid}`]);
  await agents.stop();
});

test('a pod on the host network has the address of its node and leaves the node’s namespace where it is', async () => {
  const cluster = createFakeCluster([podOf('a', 'n1', { hostNetwork: true })]);
  const agents = await cluster.startAgents();
  assert.equal((await cluster.pod('default/a'))?.status?.podIP, '172.20.1.1');
  assert.equal(cluster.serving.served.get(await uidOf(cluster))?.netns, netnsOfNode('n1'));
  assert.deepEqual(podNamespaces(cluster), []);
  await cluster.client.delete(resources.pods, a);
  await cluster.settled();
  assert.equal(cluster.serving.served.size, 0);
  assert.ok(cluster.machine.namespaces.list().includes(netnsOfNode('n1')));
  await agents.stop();
});

test('a pod that is taken down leaves nothing, even when nobody can be told to end serving it', async () => {
  const cluster = createFakeCluster([podOf('a', 'n1')]);
  const agents = await cluster.startAgents();
  const address = (await cluster.pod('default/a'))?.status?.podIP ?? '';
  const track = (source: string, destination: string): unknown =>
    cluster.machine.conntrack.track(netnsOfNode('n2'), {
      protocol: 'udp',
      original: { source, destination, sourcePort: 4000, destinationPort: 53 },
      reply: { source: destination, destination: source, sourcePort: 53, destinationPort: 4000 },
      mark: 0,
      status: 2,
    });
  track('10.244.1.9', address);
  track('10.244.1.9', '10.244.1.8');
  cluster.serving.unserve = async () => {
    throw new WeftError('rpc-unreachable', 'nobody answers');
  };
  await cluster.client.delete(resources.pods, a);
  await cluster.settled();
  assert.deepEqual(podNamespaces(cluster), []);
  assert.deepEqual(cluster.settings.list(), []);
  assert.equal(cluster.machine.policySet('n1', 'ingress').size, 0);
  const left = cluster.machine.conntrack.list(netnsOfNode('n2'), 'ip');
  assert.deepEqual(
    left.map(({ original }) => original.destination),
    ['10.244.1.8'],
    'every node forgets its connections, and no others',
  );
  await agents.stop();
});

test('a pod that a Service sends to stays until it does not, and a moment longer', async () => {
  const cluster = createFakeCluster([podOf('a', 'n1'), podOf('b', 'n1')]);
  const agents = await cluster.startAgents();
  const ports = [{ name: '', port: 8080, protocol: 'TCP' as const }];
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 's-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 's' } },
    addressType: 'IPv4' as const,
    endpoints: [
      {
        addresses: ['10.244.0.1'],
        conditions: { ready: true },
        targetRef: { kind: 'Pod', namespace: 'default', name: 'a' },
      },
    ],
    ports,
  };
  await cluster.client.create(resources.services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'default' },
    spec: { clusterIP: '10.96.0.9', ports: [{ port: 80, targetPort: 8080 }] },
  });
  await cluster.client.create(resources.endpointslices, slice);
  await cluster.settled();
  await cluster.client.delete(resources.pods, a);
  await cluster.client.delete(resources.pods, { ...a, name: 'b' });
  await cluster.clock.advance(1_000);
  assert.equal(podNamespaces(cluster).length, 1, 'only the one that no Service sends to has gone');
  await cluster.client.delete(resources.endpointslices, slice.metadata);
  await cluster.clock.advance(drainMs - 50);
  assert.equal(podNamespaces(cluster).length, 1);
  await cluster.clock.advance(100);
  await cluster.settled();
  assert.deepEqual(podNamespaces(cluster), []);
  await agents.stop();
});
