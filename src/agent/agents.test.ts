import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resources } from '../api/resources.ts';
import type { FakeCall } from '../client/fake/client.ts';
import type { FakeNftables } from '../kernel/nft/fake.ts';
import type { NftElementChange } from '../kernel/nft/port.ts';
import { WeftError } from '../lib/errors.ts';
import { isPodReady } from '../model/workloads/pod-state.ts';
import { podLinkName } from '../plan/links/node.ts';
import { cutMark } from '../plan/policy/skeleton.ts';
import {
  createFakeCluster,
  podAddresses,
  shutIn,
  type FakeCluster,
} from '../../test/support/agents/cluster.ts';
import { netnsOfNode, twoNodes } from '../../test/support/agents/fake-machine.ts';
import { nodeOf, podOf } from '../../test/support/agents/objects.ts';

const a1 = { namespace: 'default', name: 'a' };

/** A cluster whose agents have set up pods a (10.244.0.1) and b (10.244.0.2) of n1 and c (10.244.1.1) of n2. */
async function running(): Promise<FakeCluster> {
  const cluster = createFakeCluster([podOf('a', 'n1'), podOf('b', 'n1'), podOf('c', 'n2')]);
  const agents = await cluster.startAgents();
  await agents.stop();
  return cluster;
}

const uidOf = async (cluster: FakeCluster, name: string): Promise<string> =>
  (await cluster.pod(`default/${name}`))?.metadata.uid ?? '';

describe('agents', () => {
  test('set up the pods of all nodes and report nodes and pods ready', async () => {
    const cluster = await running();
    const addresses = await podAddresses(cluster.client);
    assert.deepEqual(addresses, ['default/a 10.244.0.1', 'default/b 10.244.0.2', 'default/c 10.244.1.1']);
    const uid = await uidOf(cluster, 'a');
    assert.ok(cluster.machine.namespaces.list().includes(`pod-${uid}`));
    assert.equal(cluster.serving.served.get(uid)?.netns, `pod-${uid}`);
    assert.ok(cluster.machine.policySet('n1', 'pod-interfaces').has(`${podLinkName(uid)} 10.244.0.1`));
    const node = await cluster.client.get(resources.nodes, { name: 'n2' });
    assert.ok(node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'));
  });

  test('that start again change nothing where nothing changed', async () => {
    const cluster = await running();
    const before = await cluster.client.list(resources.pods);
    const changes: NftElementChange[] = [];
    const { machine } = cluster;
    const kernel = {
      ...machine,
      nft: {
        ...wrap(machine.nft),
        change(namespace: string, more: readonly NftElementChange[]) {
          changes.push(...more);
          machine.nft.change(namespace, more);
        },
      },
    };
    const links = [...machine.route.dump(netnsOfNode('n1')).links.keys()];
    await cluster.startAgents({ kernel });
    assert.deepEqual(changes, []);
    assert.deepEqual([...machine.route.dump(netnsOfNode('n1')).links.keys()], links);
    assert.deepEqual(await cluster.client.list(resources.pods), before, 'no status was written anew');
  });

  test('that start again give no new pod the address of one that is not set up yet', async () => {
    const cluster = await running();
    await cluster.client.create(resources.pods, podOf('0-first', 'n1'));
    await cluster.startAgents();
    const addresses = await podAddresses(cluster.client);
    assert.deepEqual(addresses.slice(0, 3), [
      'default/0-first 10.244.0.3',
      'default/a 10.244.0.1',
      'default/b 10.244.0.2',
    ]);
  });

  test('that start again clear away what went meanwhile, and touch nothing else', async () => {
    const cluster = await running();
    const [gone, stays] = [await uidOf(cluster, 'a'), await uidOf(cluster, 'b')];
    await cluster.client.delete(resources.pods, a1);
    await cluster.startAgents();
    const { machine, serving, settings } = cluster;
    const links = machine.route.dump(netnsOfNode('n1')).links;
    for (const [uid, left] of [
      [gone, false],
      [stays, true],
    ] as const) {
      assert.equal(machine.namespaces.list().includes(`pod-${uid}`), left);
      assert.equal(links.has(podLinkName(uid)), left);
      assert.equal(serving.served.has(uid), left);
      assert.equal(settings.list().includes(uid), left);
    }
    assert.deepEqual([...machine.policySet('n1', 'ingress').keys()], ['10.244.0.2']);
  });

  test('that start again hold established connections to policies that came meanwhile', async () => {
    const cluster = await running();
    const { machine } = cluster;
    machine.conntrack.track(netnsOfNode('n2'), {
      protocol: 'tcp',
      original: { source: '10.244.0.1', destination: '10.244.1.1', sourcePort: 4000, destinationPort: 8080 },
      reply: { source: '10.244.1.1', destination: '10.244.0.1', sourcePort: 8080, destinationPort: 4000 },
      mark: 0,
      status: 2,
    });
    await cluster.client.create(resources.networkpolicies, shutIn('c'));
    await cluster.startAgents();
    const marks = machine.conntrack.list(netnsOfNode('n2'), 'ip').map(({ mark }) => mark);
    assert.deepEqual(marks, [cutMark]);
  });

  test('set up anew what an earlier process had only begun', async () => {
    const cluster = await running();
    const uid = await uidOf(cluster, 'a');
    // As if it had died before it wrote the status.
    await cluster.client.patch(resources.pods, a1, {
      subresource: 'status',
      body: { status: { podIP: null, conditions: null } },
    });
    const agents = await cluster.startAgents();
    const pod = await cluster.pod('default/a');
    assert.ok(pod !== undefined && isPodReady(pod));
    const { links, routes } = cluster.machine.route.dump(netnsOfNode('n1'));
    assert.ok(links.has(podLinkName(uid)));
    assert.ok(
      routes.some(
        ({ destination, link }) => destination === `${pod.status?.podIP}/32` && link === podLinkName(uid),
      ),
    );
    assert.deepEqual(cluster.machine.route.dump(`pod-${uid}`).addresses, [
      { link: 'eth0', address: `${pod.status?.podIP}/32` },
    ]);
    await agents.stop();
  });

  test('remove what an earlier process had begun for a pod that goes before its node is there', async () => {
    const cluster = await running();
    const left = (): string[] => cluster.machine.namespaces.list().filter((name) => name.startsWith('pod-'));
    const before = left().length;
    const [{ name }] = twoNodes;
    await cluster.client.delete(resources.nodes, { name });
    const agents = await cluster.startAgents();
    assert.equal(left().length, before);
    await cluster.client.delete(resources.pods, a1);
    await cluster.settled();
    assert.equal(left().length, before - 1);
    assert.equal(cluster.settings.list().length, before - 1);
    assert.equal(cluster.serving.served.size, before - 1);
    await agents.stop();
  });

  test('remove what an earlier process had begun for a pod that was leaving already', async () => {
    const cluster = await running();
    const uid = await uidOf(cluster, 'a');
    await cluster.client.patch(resources.pods, a1, { body: { metadata: { finalizers: ['test/wait'] } } });
    await cluster.client.patch(resources.pods, a1, {
      subresource: 'status',
      body: { status: { podIP: null, conditions: null } },
    });
    await cluster.client.delete(resources.pods, a1);
    const agents = await cluster.startAgents();
    await cluster.client.patch(resources.pods, a1, { body: { metadata: { finalizers: null } } });
    await cluster.settled();
    assert.equal(await cluster.pod('default/a'), undefined);
    assert.ok(!cluster.machine.namespaces.list().includes(`pod-${uid}`));
    assert.ok(!cluster.serving.served.has(uid));
    await agents.stop();
  });

  test('report a node ready that was deleted and made again, and again when the API did not answer', async () => {
    let isDown = true;
    const intercept = ({ verb, resource }: FakeCall): void => {
      if (isDown && verb === 'patch' && resource.plural === 'nodes')
        throw new WeftError('api-unavailable', 'no answer');
    };
    const cluster = createFakeCluster([], { intercept });
    const agents = await cluster.startAgents();
    const isReady = async (): Promise<boolean> => {
      const node = await cluster.client.get(resources.nodes, { name: 'n1' });
      return (
        node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
      );
    };
    assert.equal(await isReady(), false);
    isDown = false;
    await cluster.clock.advance(30_000);
    assert.equal(await isReady(), true);
    const [{ name }] = twoNodes;
    await cluster.client.delete(resources.nodes, { name });
    await cluster.settled();
    const { status, ...node } = nodeOf(twoNodes[0]);
    await cluster.client.create(resources.nodes, node);
    await cluster.client.patch(resources.nodes, { name }, { subresource: 'status', body: { status } });
    await cluster.settled();
    assert.equal(await isReady(), true);
    await agents.stop();
  });

  test('keep the rules of a pod that has left the API until it is taken down', async () => {
    const cluster = createFakeCluster([podOf('a', 'n1'), shutIn('a')]);
    const agents = await cluster.startAgents();
    const verdicts: unknown[] = [];
    // Taking the pod down begins with this.
    cluster.serving.unserve = async () => {
      await cluster.settled();
      verdicts.push(cluster.machine.policySet('n1', 'ingress').get('10.244.0.1'));
    };
    await cluster.client.delete(resources.pods, a1);
    await cluster.settled();
    await cluster.settled();
    assert.deepEqual(verdicts, [{ verdict: 'jump', chain: 'ingress-rules' }]);
    assert.equal(cluster.machine.policySet('n1', 'ingress').size, 0);
    await agents.stop();
  });

  test('program the other nodes when one refuses, and that one when it does not any more', async () => {
    const cluster = await running();
    const { machine } = cluster;
    let refuses = false;
    const change = (namespace: string, changes: readonly NftElementChange[]): void => {
      if (refuses && namespace === netnsOfNode('n1')) throw new WeftError('nft-rejected', 'no memory');
      machine.nft.change(namespace, changes);
    };
    const agents = await cluster.startAgents({
      kernel: { ...machine, nft: { ...wrap(machine.nft), change } },
    });
    refuses = true;
    await cluster.client.create(resources.networkpolicies, shutIn('a'));
    await cluster.client.create(resources.networkpolicies, shutIn('c'));
    await cluster.settled();
    const isShut = (node: string, address: string): boolean =>
      JSON.stringify(machine.policySet(node, 'ingress').get(address)).includes('jump');
    assert.deepEqual([isShut('n1', '10.244.0.1'), isShut('n2', '10.244.1.1')], [false, true]);
    refuses = false;
    await cluster.clock.advance(1_000);
    assert.equal(isShut('n1', '10.244.0.1'), true);
    await agents.stop();
  });

  test('mend what somebody else changed', async () => {
    const cluster = createFakeCluster([podOf('a', 'n1')]);
    const agents = await cluster.startAgents();
    assert.equal(agents.repair(), 0);
    const [link = ''] = cluster.machine.policySet('n1', 'pod-interfaces').keys();
    const key = link.split(' ');
    cluster.machine.nft.change(netnsOfNode('n1'), [
      {
        action: 'delete',
        family: 'ip',
        table: 'weft-policy',
        set: 'pod-interfaces',
        type: { key: ['ifname', 'ipv4_addr'] },
        element: { key },
      },
    ]);
    await cluster.clock.advance(30_000);
    assert.ok(cluster.machine.policySet('n1', 'pod-interfaces').has(link));
    await agents.stop();
  });

  test('mend what somebody else changed before the last of the nodes that join at once was programmed', async () => {
    const { machine, ...cluster } = createFakeCluster([]);
    const rules = { family: 'ip', table: 'weft-services' } as const;
    const tablesOf = (node: string): string[] => machine.nft.tables(netnsOfNode(node), 'ip');
    const run = (namespace: string, commands: string): void => {
      // The second node is laid out when the first one has been.
      if (namespace === netnsOfNode('n2') && tablesOf('n1').includes(rules.table) && !isGone) {
        isGone = true;
        machine.nft.run(netnsOfNode('n1'), `delete table ip ${rules.table}`);
      }
      machine.nft.run(namespace, commands);
    };
    let isGone = false;
    const agents = await cluster.startAgents({ kernel: { ...machine, nft: { ...wrap(machine.nft), run } } });
    assert.ok(isGone);
    await cluster.clock.advance(1_000);
    assert.ok(tablesOf('n1').includes(rules.table));
    assert.ok(agents.repairs() > 0);
    await agents.stop();
  });

  for (const [what, ms] of Object.entries({ 'set back': -86_400_000, 'set on': 86_400_000 })) {
    test(`bring pods up and take them down as ever when the clock is ${what} by a day`, async () => {
      const cluster = createFakeCluster([podOf('a', 'n1'), podOf('b', 'n1')]);
      const agents = await cluster.startAgents();
      const names = cluster.machine.namespaces.list().length;
      await cluster.client.delete(resources.pods, a1);
      cluster.clock.jump(ms);
      await cluster.clock.advance(1_000);
      await cluster.settled();
      assert.equal(cluster.machine.namespaces.list().length, names - 1, 'it went');
      await cluster.client.create(resources.pods, podOf('late', 'n1'));
      await cluster.settled();
      const late = await cluster.pod('default/late');
      assert.ok(late !== undefined && isPodReady(late));
      const { podIP, conditions = [] } = late.status ?? {};
      assert.equal(podIP, '10.244.0.1', 'the address of the one that went is free again');
      const ready = conditions.find(({ type }) => type === 'Ready');
      const told = Date.parse(ready?.lastTransitionTime ?? '');
      assert.equal(Math.floor(cluster.clock.now() / 1000), told / 1000, 'times are those of the wall');
      await agents.stop();
    });
  }

  test('say of a pod that cannot be mended that it is not ready, mend the others, and it when that is possible', async () => {
    const cluster = createFakeCluster([podOf('a', 'n1'), podOf('b', 'n1')]);
    const told: string[] = [];
    const agents = await cluster.startAgents({
      onBroken: ({ metadata }, why) => told.push(`${metadata.name}: ${why}`),
    });
    const { route, drift } = cluster.machine;
    const [netns, node] = [`pod-${await uidOf(cluster, 'a')}`, netnsOfNode('n1')];
    for (const name of ['a', 'b']) {
      route.apply(node, [{ action: 'delete-link', name: podLinkName(await uidOf(cluster, name)) }]);
    }
    route.apply(netns, [{ action: 'add-link', link: { kind: 'bridge', name: 'eth0' } }]);
    const readiness = async (): Promise<(string | undefined)[]> => {
      const pods = await Promise.all(['a', 'b'].map((name) => cluster.pod(`default/${name}`)));
      return pods.map((pod) => {
        const ready = pod?.status?.conditions?.find(({ type }) => type === 'Ready');
        return ready?.status === 'True' ? 'ready' : ready?.reason;
      });
    };
    drift.drift({ namespace: node, of: 'links' });
    await cluster.clock.advance(2_000);
    await cluster.settled();
    assert.deepEqual(await readiness(), ['NetworkBroken', 'ready']);
    assert.equal(told.length, 1, told.join('; '));
    assert.match(told[0] ?? '', /^a: its link on node n1: add-link: EEXIST/);
    assert.deepEqual(agents.programming().failing, [], 'the node is programmed');
    route.apply(netns, [{ action: 'delete-link', name: 'eth0' }]);
    await cluster.clock.advance(30_000);
    await cluster.settled();
    assert.deepEqual(await readiness(), ['ready', 'ready']);
    assert.equal(route.dump(netns).routes.length, 2, 'its way out');
    assert.equal(told.length, 1);
    await agents.stop();
  });

  test('leave a node that was deleted: its pods, links and rules go, and come back with it', async () => {
    const cluster = createFakeCluster([podOf('a', 'n1'), podOf('c', 'n2')]);
    const agents = await cluster.startAgents();
    const { machine, client, serving } = cluster;
    const uid = await uidOf(cluster, 'c');
    const left = (): unknown => ({
      tables: machine.nft.tables(netnsOfNode('n2'), 'ip'),
      links: [...machine.route.dump(netnsOfNode('n2')).links.keys()],
      pod: machine.namespaces.list().includes(`pod-${uid}`) || serving.served.has(uid),
    });
    const before = left();
    await client.delete(resources.nodes, { name: 'n2' });
    await cluster.settled();
    await cluster.clock.advance(1_000);
    assert.deepEqual(left(), { tables: [], links: ['eth0'], pod: false });
    assert.equal(agents.programming().isBusy, false);
    machine.drift.drift({ namespace: netnsOfNode('n2'), of: 'rules' });
    await cluster.clock.advance(60_000);
    assert.deepEqual(left(), { tables: [], links: ['eth0'], pod: false }, 'nobody looks after it');
    const { status, ...node } = nodeOf(twoNodes[1]);
    await client.create(resources.nodes, node);
    await client.patch(resources.nodes, { name: 'n2' }, { subresource: 'status', body: { status } });
    await cluster.settled();
    assert.deepEqual(left(), before);
    await agents.stop();
  });

  test('follow a node to another address, and keep its pods', async () => {
    const cluster = createFakeCluster([podOf('a', 'n1'), podOf('c', 'n2')]);
    const agents = await cluster.startAgents();
    const { machine, client, serving } = cluster;
    const served = serving.served.size;
    const address = '172.20.7.7';
    const moved = { link: 'eth0', address: `${address}/16` };
    machine.route.apply(netnsOfNode('n2'), [{ action: 'add-address', address: moved }]);
    const addresses = [{ type: 'InternalIP', address }];
    await client.patch(
      resources.nodes,
      { name: 'n2' },
      { subresource: 'status', body: { status: { addresses } } },
    );
    await cluster.settled();
    assert.ok(machine.policySet('n2', 'resident').has(address));
    assert.ok(!machine.policySet('n2', 'resident').has('172.20.1.2'));
    const { fdb } = machine.route.dump(netnsOfNode('n1'));
    assert.deepEqual(
      fdb.map((entry) => entry.address),
      [address],
    );
    const pod = await cluster.pod('default/c');
    assert.deepEqual([pod?.status?.podIP, pod?.status?.hostIP], ['10.244.1.1', address]);
    assert.equal(serving.served.size, served);
    await agents.stop();
  });

  test('are ready for pods of a node that joins later', async () => {
    const cluster = createFakeCluster([podOf('late', 'n3')]);
    const agents = await cluster.startAgents();
    assert.deepEqual(await podAddresses(cluster.client), ['default/late -']);
    const n3 = { name: 'n3', address: '172.20.1.3', podCidr: '10.244.2.0/24', tunnelAddress: '10.244.2.0' };
    cluster.machine.addNode(n3);
    const { status, ...node } = nodeOf(n3);
    await cluster.client.create(resources.nodes, node);
    await cluster.client.patch(resources.nodes, { name: 'n3' }, { subresource: 'status', body: { status } });
    await cluster.settled();
    const late = await cluster.pod('default/late');
    assert.equal(late?.status?.podIP, '10.244.2.1');
    assert.ok(isPodReady(late));
    await agents.stop();
  });
});

/** The methods of an object of a class, to be spread. */
function wrap(nft: FakeNftables): FakeNftables {
  return {
    run: (namespace, commands) => nft.run(namespace, commands),
    change: (namespace, changes) => nft.change(namespace, changes),
    elements: (namespace, name, type) => nft.elements(namespace, name, type),
    holds: (namespace, name, type, wanted) => nft.holds(namespace, name, type, wanted),
    rulesDigest: (namespace, table) => nft.rulesDigest(namespace, table),
    generation: (namespace) => nft.generation(namespace),
    tables: (namespace, family) => nft.tables(namespace, family),
    forget: (namespace) => nft.forget(namespace),
    close: () => nft.close(),
    rules: (namespace, table, chain) => nft.rules(namespace, table, chain),
  };
}
