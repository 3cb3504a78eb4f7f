/**
 * Policies about further interfaces of pods, with real packets.
 *
 *     node-1  server, friend     node-2  stranger, guest
 *     all on the segment cameras, with the machine recorder (192.168.20.5); all but the guest on the segment six, too
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { layer2Resources, resources } from '../../src/api/resources.ts';
import { multiPolicy, network, weftKind } from '../../src/analysis/testing/segment-objects.ts';
import type { MultiNetworkPolicy } from '../../src/api/types/layer2.ts';
import type { NetworkPolicySpec } from '../../src/api/types/network.ts';
import type { Route, RouteNetlink } from '../../src/kernel/route/port.ts';
import { createRouteNetlink } from '../../src/kernel/route/real.ts';
import { networkConfigOf } from '../../src/model/network/config.ts';
import { networkStatusAnnotation } from '../../src/model/attachments/selection.ts';
import { virtualMachineNetns as vmNetns } from '../../src/model/fabric/network/machine-interfaces.ts';
import { killAgents } from '../differential/live/lab-state.ts';
import { cannotSendPackets, startLab, type TestLab } from '../support/lab.ts';
import { openFlow, silenceMs } from './flow.ts';
import { podWith } from './networks.ts';

const kind = layer2Resources.multinetworkpolicies;
const labelled = (app: string): { matchLabels: Record<string, string> } => ({ matchLabels: { app } });
const server = labelled('server');
const denyAll: NetworkPolicySpec = { podSelector: server, policyTypes: ['Ingress'] };
const from = (peer: object, port?: number): NetworkPolicySpec => ({
  podSelector: server,
  ingress: [{ from: [peer], ...(port !== undefined && { ports: [{ port }] }) }],
});

describe('policies about further interfaces', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let route: RouteNetlink;
  const pool = { type: 'weft', segment: 'cameras', ipam: { type: 'weft', pool: 'pods' } };
  const labels = (app: string): { labels: { app: string }; ports: number[]; udp: number[] } => ({
    labels: { app },
    ports: [8080, 9090],
    udp: [5353],
  });

  before(async () => {
    lab = await startLab('multipolicies', {
      nodes: 2,
      config: networkConfigOf(undefined, ['IPv4', 'IPv6']),
    });
    route = createRouteNetlink({ namespaces: lab.namespaces });
    await lab.apply([
      weftKind('Segment', 'cameras', {
        prefix: '192.168.20.0/24',
        pools: [{ name: 'pods', range: '192.168.20.50-192.168.20.90' }],
      }),
      weftKind('Segment', 'six', {
        prefix: 'fd00:6::/64',
        pools: [{ name: 'pods', range: 'fd00:6::50-fd00:6::90' }],
      }),
      weftKind('VirtualMachine', 'recorder', {
        interfaces: [{ name: 'eth0', segment: 'cameras', addresses: ['192.168.20.5'] }],
        ports: [{ port: 80 }],
      }),
      network('cameras', pool),
      network('guests', pool),
      network('six', { ...pool, segment: 'six' }),
      podWith('node-1', 'server', 'cameras, six', labels('server')),
      podWith('node-1', 'friend', 'cameras, six', labels('friend')),
      podWith('node-2', 'stranger', 'cameras, six', labels('stranger')),
      podWith('node-2', 'guest', 'guests', labels('friend')),
    ]);
  });
  after(() => lab?.down());
  beforeEach(async () => {
    for (const { metadata } of (await lab.connection.client.list(kind)).items) await remove(metadata.name);
  });

  const programmed = (version: string | undefined): Promise<void> =>
    lab.connection.programmed({ 'multi-networkpolicies': version ?? '' });
  const put = async (policy: MultiNetworkPolicy): Promise<void> => {
    const { metadata } = await lab.connection.client.create(kind, policy);
    await programmed(metadata.resourceVersion);
  };
  const change = async (name: string, spec: NetworkPolicySpec): Promise<void> => {
    const at = { namespace: 'default', name };
    const { metadata } = await lab.connection.client.patch(kind, at, { body: { spec } });
    await programmed(metadata.resourceVersion);
  };
  const remove = async (name: string): Promise<void> => {
    await lab.connection.client.delete(kind, { namespace: 'default', name });
    await put(multiPolicy('behind', 'nothing', {}));
    await lab.connection.client.delete(kind, { namespace: 'default', name: 'behind' });
  };
  const inside = (name: string): Promise<string> => lab.netnsOf(`default/${name}`);
  const net1 = async (name: string, index = 1): Promise<string> => {
    const { metadata } = await lab.pod(`default/${name}`);
    const told = JSON.parse(metadata.annotations?.[networkStatusAnnotation] ?? '[]') as { ips: string[] }[];
    return told[index]?.ips[0] ?? assert.fail(name);
  };
  const eth0 = async (name: string): Promise<string> =>
    (await lab.pod(`default/${name}`)).status?.podIP ?? assert.fail(name);
  /** Who is let through to a port of the server's further interface. */
  const admitted = async (port = 8080): Promise<string[]> => {
    const target = `${await net1('server')}:${port}`;
    const asked = ['friend', 'stranger', 'guest'].map(async (name) => {
      const { answer } = await lab.probe(await inside(name), target);
      return answer === undefined ? [] : [name];
    });
    const machine = (await lab.probe(vmNetns('recorder'), target)).answer === undefined ? [] : ['recorder'];
    return [...(await Promise.all(asked)).flat(), ...machine];
  };
  const everybody = ['friend', 'stranger', 'guest', 'recorder'];

  test('a default deny on a network leaves the cluster’s network alone', async () => {
    assert.deepEqual(await admitted(), everybody);
    await put(multiPolicy('deny', 'cameras', denyAll));
    assert.deepEqual(await admitted(), []);
    const { denial } = await lab.probe(await inside('stranger'), `${await net1('server')}:8080`);
    assert.deepEqual(
      { node: denial?.node, pod: denial?.pod, policies: denial?.policies },
      { node: 'node-1', pod: 'default/server', policies: ['MultiNetworkPolicy default/deny'] },
    );
    const { answer } = await lab.probe(await inside('stranger'), `${await eth0('server')}:8080`);
    assert.equal(answer?.pod, 'default/server');
    // It still asks others, and is answered.
    const asked = await lab.probe(await inside('server'), '192.168.20.5:80');
    assert.equal(asked.answer?.source, await net1('server'));
    await remove('deny');
    assert.deepEqual(await admitted(), everybody);
  });

  test('peers are meant by labels at their addresses on the networks of the policy', async () => {
    await put(multiPolicy('friends', 'cameras', from({ podSelector: labelled('friend') })));
    // `guest` has the label, on a network that the policy is not about.
    assert.deepEqual(await admitted(), ['friend']);
    await put(multiPolicy('guests', 'cameras, default/guests', from({ podSelector: labelled('friend') })));
    assert.deepEqual(await admitted(), ['friend', 'guest']);
  });

  test('blocks of addresses and ports are told apart, and rules add up', async () => {
    await put(multiPolicy('machines', 'cameras', from({ ipBlock: { cidr: '192.168.20.0/28' } }, 9090)));
    assert.deepEqual(await admitted(9090), ['recorder']);
    assert.deepEqual(await admitted(8080), []);
    await put(multiPolicy('friends', 'cameras', from({ podSelector: labelled('friend') }, 8080)));
    assert.deepEqual(await admitted(9090), ['recorder']);
    assert.deepEqual(await admitted(8080), ['friend']);
  });

  test('what a pod sends is judged, over UDP too', async () => {
    await put(
      multiPolicy('leaves', 'cameras', {
        podSelector: server,
        policyTypes: ['Egress'],
        egress: [{ to: [{ podSelector: labelled('stranger') }] }],
      }),
    );
    const ask = async (target: string, protocol: 'TCP' | 'UDP'): Promise<string | undefined> =>
      (await lab.probe(await inside('server'), target, { protocol })).answer?.pod;
    assert.equal(await ask(`${await net1('stranger')}:8080`, 'TCP'), 'default/stranger');
    assert.equal(await ask(`${await net1('stranger')}:5353`, 'UDP'), 'default/stranger');
    assert.equal(await ask(`${await net1('friend')}:8080`, 'TCP'), undefined);
    assert.equal(await ask(`${await net1('friend')}:5353`, 'UDP'), undefined);
    assert.equal(await ask('192.168.20.5:80', 'TCP'), undefined);
    assert.equal(await ask(`${await eth0('friend')}:8080`, 'TCP'), 'default/friend');
    assert.deepEqual(await admitted(), everybody);
  });

  test('each interface of a pod has its own policies, over IPv6 too', async () => {
    await put(multiPolicy('six', 'six', from({ podSelector: labelled('friend') })));
    const asks = async (name: string): Promise<string | undefined> =>
      (await lab.probe(await inside(name), `${await net1('server', 2)}:8080`)).answer?.source;
    assert.equal(await asks('friend'), await net1('friend', 2));
    assert.equal(await asks('stranger'), undefined);
    assert.deepEqual(await admitted(), everybody);
  });

  test('nobody on the segment reaches `eth0` by the further interface, isolated or not, over IPv6 neither', async () => {
    const { podIPs = [] } = (await lab.pod('default/server')).status ?? {};
    const hops = [await net1('server'), await net1('server', 2)];
    const netns = await inside('stranger');
    const asks = async (): Promise<(string | undefined)[]> => {
      const answers = podIPs.map(({ ip }) => lab.probe(netns, `${ip}:8080`));
      return (await Promise.all(answers)).map(({ answer }) => answer?.pod);
    };
    const both = ['default/server', 'default/server'];
    assert.deepEqual(await asks(), both);
    const routes = podIPs.map(({ ip }, index): Route => ({
      destination: `${ip}/${ip.includes(':') ? 128 : 32}`,
      link: `net${index + 1}`,
      via: hops[index] ?? '',
    }));
    const lead = (action: 'add-route' | 'delete-route', some: readonly Route[]): void =>
      assert.deepEqual(
        route.apply(
          netns,
          some.map((one) => ({ action, route: one })),
        ),
        [],
      );
    lead('add-route', routes);
    assert.deepEqual(await asks(), [undefined, undefined]);
    // The way is the one that packets take: what is behind it is the interface's own address.
    assert.deepEqual(await admitted(), everybody);
    lead('delete-route', routes);
    // Nor does the segment say that anybody there has it.
    const onLink = routes.map(({ destination, link }) => ({ destination, link }));
    lead('add-route', onLink);
    assert.deepEqual(await asks(), [undefined, undefined]);
    lead('delete-route', onLink);
    assert.deepEqual(await asks(), both);
  });

  test('a connection under way ends when a policy no longer allows it, and goes on when one does', async () => {
    const target = { protocol: 'tcp', address: await net1('server'), port: 8080 } as const;
    const [friend, stranger] = [
      openFlow(lab.sockets, await inside('friend'), target),
      openFlow(lab.sockets, await inside('stranger'), target),
    ];
    for (const flow of [friend, stranger]) {
      flow.ask();
      assert.equal((await flow.answer())?.pod, 'default/server');
    }
    await put(multiPolicy('friends', 'cameras', from({ podSelector: labelled('friend') })));
    for (const flow of [friend, stranger]) flow.ask();
    assert.equal((await friend.answer())?.pod, 'default/server');
    assert.equal(await stranger.answer(silenceMs), undefined);
    await change('friends', { ingress: [{ from: [{ podSelector: labelled('stranger') }] }] });
    friend.ask();
    assert.equal(await friend.answer(silenceMs), undefined);
    assert.equal((await stranger.answer())?.pod, 'default/server');
    for (const flow of [friend, stranger]) flow.close();
  });

  test('a pod that comes later is isolated, and known to others, from the first packet on', async () => {
    await put(multiPolicy('friends', 'cameras', from({ podSelector: labelled('friend') })));
    const { client } = lab.connection;
    for (const [name, app] of [
      ['late-friend', 'friend'],
      ['late-server', 'server'],
    ] as const) {
      await client.create(resources.pods, podWith('node-2', name, 'cameras', labels(app)));
    }
    await lab.ready();
    const ask = async (name: string, target: string): Promise<string | undefined> =>
      (await lab.probe(await inside(name), `${target}:8080`)).answer?.pod;
    assert.equal(await ask('late-friend', await net1('server')), 'default/server');
    assert.equal(await ask('stranger', await net1('late-server')), undefined);
    assert.equal(await ask('late-friend', await net1('late-server')), 'default/late-server');
  });

  test('policies are enforced while the agents are gone, and by those that come after them', async () => {
    await put(multiPolicy('friends', 'cameras', from({ podSelector: labelled('friend') })));
    const gone = new AbortController();
    const back = killAgents(lab).finally(() => gone.abort());
    while (!gone.signal.aborted) assert.deepEqual(await admitted(), ['friend']);
    await back;
    await lab.ready();
    await change('friends', { ingress: [{ from: [{ podSelector: labelled('stranger') }] }] });
    assert.deepEqual(await admitted(), ['stranger']);
  });
});
