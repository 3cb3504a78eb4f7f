import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { after, test } from 'node:test';
import { skipNetwork } from '../netfilter/test-network.ts';
import type { NetworkNamespaces } from '../netns/port.ts';
import { createNetworkNamespaces } from '../netns/real.ts';
import { createNftables } from '../nft/nftables.ts';
import { createPoller } from '../poll/poller.ts';
import { createRouteNetlink } from '../route/real.ts';
import { driftCompliance } from './drift.compliance.ts';
import { createDriftWatch, type DriftWatchDependencies } from './real.ts';

const others = ['ip', 'nft'].every((program) => spawnSync(program, ['-V']).error === undefined);
const skip = skipNetwork === false ? (others ? false : 'needs the programs ip and nft') : skipNetwork;

test('only what somebody else does is told, and of which namespace', { skip }, async () => {
  const { namespaces, watch, byHand, end } = machine();
  after(end);
  const nft = createNftables({ namespaces });
  const route = createRouteNetlink({ namespaces });
  const told: string[] = [];
  watch.onDrift(({ namespace, of }) => told.push(`${namespace} ${of}`));
  for (const name of ['a', 'b']) {
    namespaces.create(name);
    route.dump(name);
    watch.watch(name, ['links', 'rules']);
  }
  const settled = async (): Promise<string[]> => {
    // The poller's worker may just be starting, on a machine that has other things to do.
    for (let waited = 0; waited < 2000 && (waited < 200 || told.length === 0); waited += 50) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return [...new Set(told.splice(0))].toSorted();
  };
  const failures = route.apply('a', [
    { action: 'add-link', link: { kind: 'bridge', name: 'br0' } },
    { action: 'add-address', address: { link: 'br0', address: '192.0.2.1/24' } },
    { action: 'add-route', route: { destination: '198.51.100.0/24', link: 'br0' } },
    { action: 'add-route', route: { destination: '203.0.113.0/24', link: 'br0' } },
    { action: 'delete-route', route: { destination: '203.0.113.0/24', link: 'br0' } },
  ]);
  assert.deepEqual(failures, []);
  nft.run('a', 'add table ip t\nadd set ip t s { type mark; }');
  const element = {
    family: 'ip',
    table: 't',
    set: 's',
    type: { key: ['mark'] },
    element: { key: [1] },
  } as const;
  nft.change('a', [{ action: 'add', ...element }]);
  assert.deepEqual(await settled(), [], 'its own');

  byHand('a', 'nft flush set ip t s');
  assert.deepEqual(await settled(), ['a rules']);
  byHand('b', 'nft add table ip t');
  assert.deepEqual(await settled(), ['b rules']);
  for (const command of ['route del 198.51.100.0/24', 'addr del 192.0.2.1/24 dev br0', 'link set br0 down']) {
    byHand('a', `ip ${command}`);
    assert.deepEqual(await settled(), ['a links'], command);
  }
  byHand('a', 'ip link del br0');
  assert.deepEqual(await settled(), ['a links']);
  byHand('b', 'ip link add br0 type bridge');
  assert.deepEqual(await settled(), ['b links'], 'a link that is down');
});

test('a namespace that could be watched only in part is watched whole later', { skip }, async () => {
  let sockets = 0;
  const { namespaces, watch, byHand, end } = machine((whole) => ({
    open: (name) => whole.open(name),
    inside(pin, work) {
      sockets += 1;
      if (sockets === 2) throw new Error('too many open files');
      return whole.inside(pin, work);
    },
  }));
  after(end);
  namespaces.create('a');
  assert.throws(() => watch.watch('a', ['links', 'rules']), /too many open files/);
  const told = new Promise((resolve) => watch.onDrift(resolve));
  watch.watch('a', ['links', 'rules']);
  byHand('a', 'nft add table ip t');
  assert.deepEqual(await told, { namespace: 'a', of: 'rules' });
});

test(
  'of routes only default ones and those with a metric are told, where somebody deletes them',
  { skip },
  async () => {
    const { namespaces, watch, byHand, end } = machine();
    after(end);
    namespaces.create('a');
    const ip = (command: string): void => byHand('a', `ip ${command}`);
    let told = 0;
    watch.onDrift(() => (told += 1));
    watch.watch('a', ['routes']);
    const taken: readonly [family: string, route: string, isTold: boolean][] = [
      ['-4', 'default', true],
      ['-4', '198.51.100.0/24 metric 5', true],
      ['-4', '198.51.100.7/32', false],
      ['-6', 'default', true],
      ['-6', '2001:db8:7::/64 metric 5', true],
      ['-6', '2001:db8:7::7/128', false],
    ];
    ip('link add br0 up type bridge');
    for (const [family, route, isTold] of taken) {
      told = 0;
      ip(`${family} route add ${route} dev br0`);
      ip(`${family} route del ${route} dev br0`);
      for (let waited = 0; waited < 5000 && (isTold ? told === 0 : waited < 200); waited += 20) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.equal(told > 0, isTold, `${family} ${route}`);
    }
    told = 0;
    ip('route add 198.51.100.0/24 metric 5 dev br0');
    ip('link del br0');
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(told, 0, 'what the kernel takes away with a link');
  },
);

test('a link that goes with its other end is not told as set down', { skip }, async () => {
  const { namespaces, watch, end } = machine();
  after(end);
  const route = createRouteNetlink({ namespaces });
  for (const name of ['node', 'pod']) namespaces.create(name);
  const told = new Set<string>();
  watch.onDrift(({ of }) => told.add(of));
  watch.watch('node', ['links', 'peers']);
  for (let round = 0; round < 3; round++) {
    const link = { kind: 'veth', name: `w${round}`, peer: { name: 'eth0', namespace: 'pod' } } as const;
    assert.deepEqual(route.apply('node', [{ action: 'add-link', link }]), []);
    const inside = { kind: 'veth-peer', name: 'eth0' } as const;
    assert.deepEqual(route.apply('pod', [{ action: 'set-link', link: inside }]), []);
    assert.deepEqual(route.apply('node', [{ action: 'delete-link', name: link.name }]), []);
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.ok(!told.has('peers'), [...told].join());
});

driftCompliance({
  label: 'real',
  skip,
  make() {
    const { namespaces, watch, directory, byHand, end } = machine();
    for (const name of ['a', 'b', 'inside']) namespaces.create(name);
    byHand('a', 'ip link add eth0 up type veth peer name n0');
    byHand('a', `ip link set n0 netns ${join(directory, 'inside')}`);
    byHand('b', 'ip link add eth0 up type bridge');
    byHand('inside', 'ip link set n0 name eth0 up');
    for (const name of ['a', 'b', 'inside']) byHand(name, 'ip address add 192.0.2.1/24 dev eth0');
    for (const name of ['a', 'b', 'inside']) byHand(name, 'nft add table ip t');
    byHand('a', 'ip link add routed up type bridge');
    byHand('a', 'ip route add 198.51.100.0/24 metric 7 dev routed');
    // The kernel numbers a peer's namespace when somebody asks for the link, as the agents do.
    byHand('a', 'ip link');
    return {
      watch,
      disturb(namespace, what) {
        if (what === 'rules') {
          byHand(namespace, 'nft delete table ip t');
          byHand(namespace, 'nft add table ip t');
        } else if (what === 'down') byHand(namespace, 'ip link set eth0 down');
        else if (what === 'routes') byHand(namespace, 'ip route del 198.51.100.0/24 metric 7');
        else {
          byHand(namespace, 'ip address del 192.0.2.1/24 dev eth0');
          byHand(namespace, 'ip address add 192.0.2.1/24 dev eth0');
        }
      },
      patienceMs: 5000,
      end,
    };
  },
});

/** Namespaces of its own, and a watch over them; `end` takes all away. `watchedBy`: what the watch sees of them. */
function machine(
  watchedBy: (whole: NetworkNamespaces) => DriftWatchDependencies['namespaces'] = (whole) => whole,
) {
  const poller = createPoller();
  const directory = mkdtempSync(join(tmpdir(), 'weft-drift-'));
  const namespaces = createNetworkNamespaces({ directory });
  const watch = createDriftWatch({ namespaces: watchedBy(namespaces), poller });
  const end = async (): Promise<void> => {
    watch.close();
    await poller.close();
    for (const name of namespaces.list()) namespaces.delete(name);
    namespaces.close();
    rmSync(directory, { recursive: true });
  };
  const byHand = (namespace: string, command: string): void => {
    const args = [`--net=${join(directory, namespace)}`, ...command.split(' ')];
    const { status, stderr } = spawnSync('nsenter', args, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  };
  return { namespaces, watch, directory, byHand, end };
}
