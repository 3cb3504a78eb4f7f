/**
 * What is left of a pod that goes, and of pods when the agents go, with packets, in the model `calico`.
 *
 *     node-1  pods 10.244.0.0/24, default/client
 *     node-2  pods 10.244.1.0/24, whatever a test makes
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, afterEach, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { KubernetesObject } from '../../src/api/types/meta.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { eventually, openFlow, silenceMs, type Flow } from './flow.ts';
import { namespacesHeld, tracesOf } from './left-behind.ts';
import { deployment, enforce, podsOf, policy, serviceOf } from './objects.ts';
import { killRole, pinOf } from './processes.ts';
import { startTraffic } from './traffic.ts';

const webIP = '10.96.0.80';

describe('the life of pods', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let client = '';
  const flows: Flow[] = [];
  const always: readonly KubernetesObject[] = [podOn('node-1', 'default/client')];

  before(async () => {
    lab = await startLab('life');
    await lab.apply(always);
    client = await lab.netnsOf('default/client');
  });
  afterEach(async () => {
    for (const flow of flows.splice(0)) flow.close();
    const { items } = await lab.connection.client.list(resources.networkpolicies);
    for (const { metadata } of items) {
      const name = { namespace: metadata.namespace ?? '', name: metadata.name };
      await lab.connection.client.delete(resources.networkpolicies, name);
    }
    await lab.apply(always);
  });
  after(async () => lab?.down());

  const flowTo = (address: string, protocol: 'tcp' | 'udp'): Flow => {
    const flow = openFlow(lab.sockets, client, { protocol, address, port: protocol === 'tcp' ? 8080 : 5353 });
    flows.push(flow);
    return flow;
  };
  const identityOf = async (key: string): Promise<{ uid: string; address: string }> => {
    const { metadata, status } = await lab.pod(key);
    return { uid: metadata.uid ?? '', address: status?.podIP ?? '' };
  };
  const remove = (name: string): Promise<void> =>
    lab.connection.client.delete(resources.pods, { namespace: 'default', name });

  test('a pod that is deleted leaves nothing, and its address comes back without its past', async () => {
    await enforce(lab, policy('default/caged', { podSelector: { matchLabels: { caged: 'yes' } } }));
    await lab.apply([...always, podOn('node-2', 'default/old', { udp: [5353] })]);
    const old = await identityOf('default/old');
    const udp = flowTo(old.address, 'udp');
    const tcp = flowTo(old.address, 'tcp');
    for (const flow of [udp, tcp]) {
      flow.ask();
      assert.equal((await flow.answer())?.pod, 'default/old');
    }
    assert.deepEqual(
      new Set(tracesOf(lab, old)).has('files'),
      true,
      'the traces are looked for in the right place',
    );
    await remove('old');
    await eventually('nothing of it is left', () => tracesOf(lab, old).length === 0);

    await lab.apply([...always, podOn('node-2', 'default/new', { udp: [5353], labels: { caged: 'yes' } })]);
    assert.equal((await identityOf('default/new')).address, old.address);
    for (const flow of [udp, tcp]) flow.ask();
    assert.equal(await udp.answer(silenceMs), undefined, 'a flow of the past opens no isolated pod');
    assert.equal(await tcp.answer(1), undefined);
    assert.equal((await lab.probe(client, `${old.address}:8080`)).outcome, 'denied');
  });

  test('a program of somebody else in a pod keeps nothing from leaving, and has no network after it', async () => {
    const echo = podOn('node-1', 'default/echo', { udp: [5353] });
    await lab.apply([...always, echo, podOn('node-2', 'default/host')]);
    const old = await identityOf('default/host');
    const inside = await lab.netnsOf('default/host');
    const foreign = spawn('nsenter', [`--net=${pinOf(lab, inside)}`, 'sleep', '60'], { stdio: 'ignore' });
    const { address } = await identityOf('default/echo');
    const flow = openFlow(lab.sockets, inside, { protocol: 'udp', address, port: 5353 });
    flows.push(flow);
    flow.ask();
    assert.equal((await flow.answer())?.pod, 'default/echo');
    try {
      await remove('host');
      await eventually('nothing of it is left', () => tracesOf(lab, old).length === 0);
      assert.equal(foreign.exitCode, null, 'the program runs');
      await lab.apply([...always, echo, podOn('node-2', 'default/guest')]);
      const guest = await identityOf('default/guest');
      assert.equal(guest.address, old.address);
      assert.equal((await lab.probe(client, `${guest.address}:8080`)).answer?.pod, 'default/guest');
      flow.ask();
      assert.equal(await flow.answer(silenceMs), undefined);
    } finally {
      foreign.kill('SIGKILL');
    }
  });

  test('a pod deleted and made again under its name at once is a new pod', async () => {
    const same = podOn('node-2', 'default/same');
    await lab.apply([...always, same]);
    const first = await identityOf('default/same');
    await remove('same');
    await lab.connection.client.create(resources.pods, same);
    await eventually(
      'the new one runs',
      async () => (await lab.pod('default/same')).status?.phase === 'Running',
    );
    const second = await identityOf('default/same');
    assert.notEqual(second.uid, first.uid);
    assert.equal((await lab.probe(client, `${second.address}:8080`)).answer?.pod, 'default/same');
    await eventually('the old one has left', () => !lab.namespaces.list().includes(`pod-${first.uid}`));
    await remove('same');
  });

  test('pods run on while the agents are gone and when they are back, and keep what they have', async () => {
    await lab.apply([
      ...always,
      podOn('node-2', 'default/near', { udp: [5353] }),
      deployment('web', 3),
      serviceOf('web', { clusterIP: webIP }),
    ]);
    await enforce(
      lab,
      policy('default/caged', { podSelector: { matchLabels: { name: 'near' } }, ingress: [{}] }),
    );
    const { address } = await identityOf('default/near');
    const versions = async (): Promise<string[]> =>
      (await lab.connection.client.list(resources.pods)).items.map(
        ({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`,
      );
    const before = await versions();
    const udp = flowTo(address, 'udp');
    const traffic = startTraffic(lab, client, { address: webIP, port: 80, clients: 3 });
    let [asked, answered] = [0, 0];
    const timer = setInterval(() => {
      answered += udp.pending().length;
      udp.ask();
      asked += 1;
    }, 2);
    await killRole(lab, 'agents');
    clearInterval(timer);
    await traffic.stop();
    while ((await udp.answer(200)) !== undefined) answered += 1;
    assert.equal(answered, asked, 'not one datagram was lost');
    assert.deepEqual(traffic.failures, []);
    assert.deepEqual(await versions(), before, 'the agents found nothing to report anew');
  });

  test('what changed while the agents were gone is made good', async () => {
    await lab.apply([
      ...always,
      podOn('node-2', 'default/near', { udp: [5353] }),
      podOn('node-2', 'default/goes', { udp: [5353] }),
    ]);
    const [near, goes] = [await identityOf('default/near'), await identityOf('default/goes')];
    const udp = flowTo(near.address, 'udp');
    udp.ask();
    assert.ok(await udp.answer());
    const back = killRole(lab, 'agents');
    await remove('goes');
    await lab.connection.client.create(
      resources.networkpolicies,
      policy('default/late', { podSelector: { matchLabels: { name: 'near' } } }),
    );
    await back;
    await eventually('the deleted pod is cleared away', () => tracesOf(lab, goes).length === 0);
    await eventually(
      'the policy holds',
      async () => (await lab.probe(client, `${near.address}:8080`)).outcome === 'denied',
    );
    udp.ask();
    assert.equal(await udp.answer(silenceMs), undefined, 'also for what was established');
  });

  test('fifty pods that came and went leave no network namespace behind', async () => {
    await lab.apply([...always, deployment('many', 2), serviceOf('many')]);
    await eventually('both run', async () => (await podsOf(lab, 'many')).length === 2);
    await lab.apply(always);
    await eventually('they are gone', async () => (await podsOf(lab, 'many')).length === 0);
    let before = 0;
    await eventually('their namespaces too', () => {
      before = namespacesHeld(lab);
      return lab.namespaces.list().filter((name) => name.startsWith('pod-')).length === 2;
    });
    await lab.apply([...always, deployment('many', 50)]);
    for (const pod of await podsOf(lab, 'many')) {
      // Connections of our own, which the stand-ins keep open.
      const flow = flowTo(pod.status?.podIP ?? '', 'tcp');
      flow.ask();
      assert.ok(await flow.answer());
    }
    // A process may have been slow to let go of the two before them.
    assert.ok(namespacesHeld(lab) >= before + 48, 'the count sees them');
    await lab.apply(always);
    await eventually('all are free', () => namespacesHeld(lab) <= before, 60_000);
    assert.equal(namespacesHeld(lab), before);
  });
});
