import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { loadBalancerResources, resources } from '../../api/resources.ts';
import type { Node } from '../../api/types/core.ts';
import type { BGPPeer } from '../../api/types/load-balancer.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { createFakeClient } from '../../client/fake/client.ts';
import type { Client } from '../../client/port.ts';
import { createFakeBgpDaemons, createFakeBgpNetwork, type FakeBgpDaemons } from '../../drivers/bgp/fake.ts';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import { silentLog } from '../../lib/log.ts';
import { defaultNetworkConfig } from '../../model/network/config.ts';
import { createClusterView } from '../cluster-view.ts';
import { createSpeakers, type Speakers } from './speakers.ts';

const namespace = 'metallb-system';
const address = '10.0.0.254';

function node(n: number): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `node-${n}`, uid: `u${n}` },
    spec: { podCIDR: `10.244.${n}.0/24` },
    status: {
      addresses: [{ type: 'InternalIP', address: `10.0.0.${n}` }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

function peer(spec: Partial<BGPPeer['spec']> = {}): BGPPeer {
  return {
    apiVersion: 'metallb.io/v1beta2',
    kind: 'BGPPeer',
    metadata: { name: 'tor', namespace },
    spec: { myASN: 64_501, peerASN: 64_500, peerAddress: address, ...spec },
  };
}

const announced: readonly KubernetesObject[] = [
  {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name: 'p', namespace },
    spec: { addresses: ['192.0.2.0/24'] },
  } as KubernetesObject,
  { apiVersion: 'metallb.io/v1beta1', kind: 'BGPAdvertisement', metadata: { name: 'a', namespace } },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { type: 'LoadBalancer', clusterIPs: ['10.96.0.1'], ports: [{ port: 80 }] },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } },
  } as KubernetesObject,
];

interface World {
  readonly client: Client;
  readonly daemons: FakeBgpDaemons;
  readonly speakers: Speakers;
  readonly told: string[];
  readonly clock: FakeClock;
  /** Prefixes that a node announces; undefined where it has no daemon. */
  prefixesOf(name: string): string[] | undefined;
  settled(): Promise<void>;
}

async function createWorld(
  objects: readonly KubernetesObject[],
  { whyNoPasswords, daemons = createFakeBgpDaemons(network()) }: WorldOptions = {},
): Promise<World> {
  const clock = createFakeClock();
  const client = createFakeClient({ clock, objects: [node(1), node(2), ...objects] });
  const told: string[] = [];
  const tell = ({ kind, metadata }: KubernetesObject, reason: string, message: string): void =>
    void told.push(`${kind} ${metadata.name} ${reason}: ${message}`);
  const speakers = createSpeakers({
    client,
    daemons,
    netnsFileOf: (name) => `/ns/${name}`,
    events: { warn: tell, note: tell },
    whyNoPasswords: () => whyNoPasswords,
    clock,
    log: silentLog,
  });
  const view = createClusterView({ client, clock, config: defaultNetworkConfig });
  view.onDirty(() => speakers.changed(view));
  await view.start();
  const settled = async (): Promise<void> => {
    for (let turns = 0; turns < 20; turns++) {
      await clock.advance(10);
      await turn();
    }
  };
  await settled();
  return {
    client,
    daemons,
    speakers,
    told,
    clock,
    prefixesOf: (name) =>
      daemons.applied.get(name)?.neighbours.flatMap(({ routes }) => routes.map(({ prefix }) => prefix)),
    settled,
  };
}

interface WorldOptions {
  readonly whyNoPasswords?: string;
  readonly daemons?: FakeBgpDaemons;
}

const network = () =>
  createFakeBgpNetwork({ 'node-1': ['10.0.0.1'], 'node-2': ['10.0.0.2'], tor: [address] });

test('daemons run where a BGPPeer is for the node, and announce what is advertised', async () => {
  const world = await createWorld(announced);
  assert.equal(world.daemons.applied.size, 0);
  await world.client.create(loadBalancerResources.bgppeers, peer());
  await world.settled();
  assert.deepEqual(world.prefixesOf('node-1'), ['192.0.2.7/32']);
  assert.deepEqual(world.prefixesOf('node-2'), ['192.0.2.7/32']);
  await world.client.delete(loadBalancerResources.bgpadvertisements, { namespace, name: 'a' });
  await world.settled();
  assert.deepEqual(world.prefixesOf('node-1'), []);
  await world.client.delete(resources.nodes, { name: 'node-2' });
  await world.settled();
  assert.equal(world.prefixesOf('node-2'), undefined);
  await world.client.delete(loadBalancerResources.bgppeers, { namespace, name: 'tor' });
  await world.settled();
  assert.equal(world.daemons.applied.size, 0);
});

test('a daemon that an earlier process left for no peer any more is stopped', async () => {
  const daemons = createFakeBgpDaemons(network());
  const old = { routerId: '10.0.0.1', asn: 1, installs: false, neighbours: [] };
  for (const name of ['node-1', 'node-of-old']) await daemons.apply({ name, netns: 'x' }, old);
  const world = await createWorld(announced, { daemons });
  assert.deepEqual([...world.daemons.applied.keys()], []);
});

test('a peer with a mistake is told so once, and the others are spoken with', async () => {
  const broken = { ...peer({ holdTime: '1s' }), metadata: { name: 'broken', namespace } };
  const world = await createWorld([...announced, peer(), broken]);
  assert.deepEqual(world.prefixesOf('node-1'), ['192.0.2.7/32']);
  const about = (): string[] => world.told.filter((line) => line.startsWith('BGPPeer broken Ignored'));
  assert.equal(about().length, 1);
  await world.client.create(resources.nodes, node(3));
  await world.settled();
  assert.equal(about().length, 1);
});

test('where no daemon is installed, nodes say so, and it is tried again', async () => {
  const daemons = createFakeBgpDaemons(network());
  daemons.uninstall();
  const world = await createWorld([...announced, peer()], { daemons });
  assert.ok(world.told.some((line) => line.startsWith('Node node-1 BGPDaemonMissing')));
});

test('where the kernel signs no segments, peers with a password are left out and told why', async () => {
  const world = await createWorld([...announced, peer({ password: 'x' })], {
    whyNoPasswords: 'no TCP_MD5SIG',
  });
  assert.equal(world.daemons.applied.size, 0);
  assert.deepEqual(world.told, ['BGPPeer tor Ignored: no TCP_MD5SIG']);
});

test('a password is read from the Secret of the peer, as soon as there is one', async () => {
  const world = await createWorld([...announced, peer({ passwordSecret: { name: 's' } })]);
  assert.match(world.told.join(), /there is no Secret s/);
  await world.client.create(resources.secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', namespace },
    type: 'kubernetes.io/basic-auth',
    data: { password: Buffer.from('hush').toString('base64') },
  });
  await world.clock.advance(30_000);
  await world.settled();
  assert.equal(world.daemons.applied.get('node-1')?.neighbours[0]?.password, 'hush');
});

test('people are told of sessions that come about and are lost', async () => {
  const net = network();
  const daemons = createFakeBgpDaemons(net);
  const world = await createWorld([...announced, peer()], { daemons });
  const asRouter = createFakeBgpDaemons(net);
  const own = daemons.applied.get('node-1')?.neighbours[0] ?? assert.fail();
  const router = { ...own, name: 'node', address: '10.0.0.1', asn: 64_501, passive: true, routes: [] };
  const place = { name: 'tor', netns: 'tor' };
  await asRouter.apply(place, { routerId: address, asn: 64_500, installs: true, neighbours: [router] });
  await world.clock.advance(1000);
  await world.settled();
  const last = (): string | undefined => world.told.findLast((line) => line.startsWith('Node node-1'));
  assert.match(last() ?? '', /BGPSessionEstablished: the session with BGPPeer tor is established/);
  await asRouter.stop(place);
  await world.clock.advance(1000);
  await world.settled();
  assert.match(last() ?? '', /BGPSessionLost: the session with BGPPeer tor is lost: Connect/);
});
