/**
 * Connections that are under way while what they were made for changes: nothing of them may reach a successor that
 * a new connection would not reach, and what a Service sends elsewhere goes there.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { Pod } from '../../src/api/types/core.ts';
import type { KubernetesObject, Labels } from '../../src/api/types/meta.ts';
import { labNodeAddress } from '../../src/model/network/lab-addresses.ts';
import { machineNetns } from '../../src/model/fabric/default-fabric.ts';
import { openFlow, silenceMs, type Flow } from '../netns/flow.ts';
import { cannotSendPackets, startLab, type TestLab } from '../support/lab.ts';
import { namespace, pod, policy, service } from './cases/objects.ts';
import { complaints } from './live/lab-state.ts';
import { settle } from './live/settle.ts';

const udp = [{ name: 'time', containerPort: 5353, protocol: 'UDP' as const }];
const server = pod('server', { node: 2, ports: udp });
const on = (node: 1 | 2 | 3, name: string, labels: Labels): Pod => pod(name, { node, labels, ports: udp });
const client = pod('client', { node: 1 });
const key = (name: string): string => `${server.metadata.namespace}/${name}`;

describe('connections under way', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let complain: () => string[];
  const flows: Flow[] = [];

  before(async () => {
    lab = await startLab('flows');
    complain = complaints(lab);
    complain();
  });
  afterEach(() => {
    for (const flow of flows.splice(0)) flow.close();
    assert.deepEqual(complain(), [], 'the lab complains');
  });
  after(async () => lab?.down());

  const flowTo = (
    netns: string,
    address: string,
    { port = 5353, sourcePort }: { port?: number; sourcePort?: number } = {},
  ): Flow => {
    const source = sourcePort === undefined ? {} : { sourcePort };
    const flow = openFlow(lab.sockets, netns, { protocol: 'udp', address, port, ...source });
    flows.push(flow);
    return flow;
  };
  const whoAnswers = async (flow: Flow, timeoutMs?: number): Promise<string | undefined> => {
    flow.ask();
    return (await flow.answer(timeoutMs))?.pod;
  };
  const addressOf = async (name: string): Promise<string> => (await lab.pod(key(name))).status?.podIP ?? '';
  const netnsOf = (name: string): Promise<string> => lab.netnsOf(key(name));
  const clusterIP = async (name: string): Promise<string> => {
    const found = await lab.connection.client.get(resources.services, {
      namespace: namespace.metadata.name,
      name,
    });
    return found?.spec.clusterIP ?? '';
  };
  /** Ends the pod at an address and makes others; returns the name of the one that has the address now. */
  const succeed = async (
    objects: readonly KubernetesObject[],
    { address, next }: { address: string; next: (name: string) => Pod },
  ): Promise<string> => {
    await settle(lab, objects);
    const successors = Array.from({ length: 4 }, (_, index) => next(`next-${index}`));
    const { pods } = await settle(lab, [...objects, ...successors]);
    const found = [...pods.values()].find(({ status }) => status?.podIP === address);
    assert.ok(found, 'no pod was given the address again');
    return found.metadata.name;
  };

  const good = { good: 'yes' };
  const onlyGood = policy('in', {
    podSelector: { matchExpressions: [{ key: 'good', operator: 'DoesNotExist' }] },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: good } }] }],
  });

  test('towards an address end with its pod: the next one is asked as anybody asks it', async () => {
    const first = on(3, 'first', good);
    await settle(lab, [namespace, client, onlyGood, first]);
    const address = await addressOf('first');
    const flow = flowTo(await netnsOf('client'), address);
    assert.equal(await whoAnswers(flow), key('first'));
    await succeed([namespace, client, onlyGood], { address, next: (name) => on(3, name, {}) });
    assert.equal(await whoAnswers(flow, silenceMs), undefined, 'the policy of the second denies the client');
  });

  test('from an address end with its pod: the next one speaks for itself', async () => {
    const first = on(1, 'first', good);
    // With a friend, who stays good, nothing else changes with the first.
    const others = [namespace, server, onlyGood, on(2, 'friend', good)];
    await settle(lab, [...others, first]);
    const address = await addressOf('first');
    const flow = flowTo(await netnsOf('first'), await addressOf('server'), { sourcePort: 45_353 });
    assert.equal(await whoAnswers(flow), key('server'));
    const second = await succeed(others, { address, next: (name) => on(1, name, {}) });
    const again = flowTo(await netnsOf(second), await addressOf('server'), { sourcePort: 45_353 });
    assert.equal(await whoAnswers(again, silenceMs), undefined, 'only what is good may ask the server');
  });

  test('to a Service go where it sends now, also after it had nobody', async () => {
    const web = service('web', {
      selector: { app: 'web' },
      ports: [{ port: 53, targetPort: 5353, protocol: 'UDP' }],
    });
    const answering = (name: string): Promise<unknown> =>
      settle(lab, [
        namespace,
        client,
        web,
        ...['a', 'b'].map((each) => on(3, each, { app: each === name ? 'web' : 'none' })),
      ]);
    await answering('a');
    const flow = flowTo(await netnsOf('client'), await clusterIP('web'), { port: 53 });
    assert.equal(await whoAnswers(flow), key('a'));
    await answering('b');
    assert.equal(await whoAnswers(flow), key('b'));
    // A flow that there is stays where it is as long as there is nowhere else to go; a new one is rejected.
    await answering('nobody');
    const late = flowTo(await netnsOf('client'), await clusterIP('web'), { port: 53 });
    assert.equal(await whoAnswers(late, silenceMs), undefined);
    await answering('a');
    assert.equal(await whoAnswers(flow), key('a'));
  });

  test('to a node port go to the Service that has it now', async () => {
    const at = (name: string, nodePort: number): KubernetesObject =>
      service(name, {
        type: 'NodePort',
        selector: { app: name },
        ports: [{ port: 53, targetPort: 5353, protocol: 'UDP', nodePort }],
      });
    const pods = ['a', 'b'].map((name) => on(3, name, { app: name }));
    await settle(lab, [namespace, ...pods, at('a', 30_053), at('b', 30_054)]);
    const flow = flowTo(machineNetns.internet, labNodeAddress(0), { port: 30_053 });
    assert.equal(await whoAnswers(flow), key('a'));
    await settle(lab, [namespace, ...pods, at('a', 30_055), at('b', 30_054)]);
    await settle(lab, [namespace, ...pods, at('a', 30_055), at('b', 30_053)]);
    assert.equal(await whoAnswers(flow), key('b'));
  });
});
