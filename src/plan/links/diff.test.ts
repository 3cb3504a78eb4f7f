import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NamespaceState } from '../../kernel/route/port.ts';
import { labPlaces } from '../../lab/options.ts';
import { networkConfigOf } from '../../model/network/config.ts';
import { diffNamespace, emptyNamespace, restrictTo } from './diff.ts';
import { modelTraits } from '../../model/network/models.ts';
import { isAgentLink, nodeOverlay, podLinkName } from './node.ts';
import { podInside, podOnNode } from './pod.ts';

const [first, second, third] = labPlaces({ nodes: 3 });
assert.ok(first && second && third);
const pod = { uid: '8f14e45f-ceea-4e67-a0c5-000000000001', addresses: ['10.244.0.1'], netns: 'pod-1' };

test('equal states need no operation', () => {
  const state = nodeOverlay(first, [second, third], modelTraits.calico);
  assert.deepEqual(diffNamespace(state, state), []);
});

test('links come first, then addresses, and routes last', () => {
  const actions = diffNamespace(emptyNamespace, nodeOverlay(first, [second], modelTraits.calico)).map(
    ({ action }) => action,
  );
  assert.deepEqual(actions, [
    'add-link',
    'add-address',
    'add-neighbour',
    'add-fdb',
    'add-route',
    'add-route',
  ]);
});

test('a node that goes takes only its own routes and entries with it', () => {
  const operations = diffNamespace(
    nodeOverlay(first, [second, third], modelTraits.calico),
    nodeOverlay(first, [second], modelTraits.calico),
  );
  assert.deepEqual(
    operations.map(({ action }) => action),
    ['delete-route', 'delete-fdb', 'delete-neighbour'],
  );
});

test('what hangs on a deleted link is not deleted one by one', () => {
  assert.deepEqual(diffNamespace(podOnNode(first, pod, modelTraits.calico), emptyNamespace), [
    { action: 'delete-link', name: podLinkName(pod.uid) },
  ]);
});

test('a VXLAN device with another local address is made anew, with everything on it', () => {
  const moved = { ...first, address: '172.20.9.9' };
  const actions = diffNamespace(
    nodeOverlay(first, [second], modelTraits.calico),
    nodeOverlay(moved, [second], modelTraits.calico),
  ).map(({ action }) => action);
  assert.deepEqual(actions.slice(0, 2), ['delete-link', 'add-link']);
  assert.ok(actions.includes('add-fdb'));
});

test('a link that changes its MAC address gets its neighbours again', () => {
  const before = podOnNode(first, pod, modelTraits.calico);
  const name = podLinkName(pod.uid);
  const stale = {
    ...before,
    links: new Map([[name, { kind: 'veth-peer', name, mac: '02:00:00:00:00:01', mtu: 1450 } as const]]),
  };
  assert.deepEqual(
    diffNamespace(stale, before).map(({ action }) => action),
    ['set-link', 'add-neighbour'],
  );
});

test('an address is replaced before the old one goes', () => {
  const before = nodeOverlay(first, [], modelTraits.calico);
  const after = { ...before, addresses: [{ link: 'vxlan.calico', address: '10.244.9.0/32' }] };
  assert.deepEqual(
    diffNamespace(before, after).map(({ action }) => action),
    ['add-address', 'delete-address'],
  );
});

test('a dumped veth end counts as the veth that was asked for', () => {
  const desired = podOnNode(first, pod, modelTraits.calico);
  const name = podLinkName(pod.uid);
  const dumped: NamespaceState = {
    ...desired,
    links: new Map([[name, { kind: 'veth-peer', name, mac: 'ee:ee:ee:ee:ee:ee', mtu: 1450 }]]),
  };
  assert.deepEqual(diffNamespace(dumped, desired), []);
});

test('a part of a state can be compared without touching what belongs to others', () => {
  const state: NamespaceState = {
    ...emptyNamespace,
    routes: [
      { destination: '0.0.0.0/0', link: 'eth0', via: '172.20.0.1' },
      ...nodeOverlay(first, [second], modelTraits.calico).routes,
    ],
  };
  assert.ok(restrictTo(state, isAgentLink).routes.every(({ link }) => link !== 'eth0'));
});

test('with two families everything is there in both, over one tunnel that IPv4 carries', () => {
  const places = labPlaces({ nodes: 2, config: networkConfigOf(undefined, ['IPv6', 'IPv4']) });
  const [one, other] = places;
  assert.ok(one && other);
  const overlay = nodeOverlay(one, places, modelTraits.calico);
  const tunnel = overlay.links.get('vxlan.calico');
  assert.ok(tunnel?.kind === 'vxlan');
  assert.deepEqual([tunnel.local, tunnel.mtu], ['172.20.1.1', 1450]);
  assert.deepEqual(
    overlay.routes.map(({ destination, source, type }) => [destination, source ?? type]),
    [
      ['fd00:10:244::/64', 'blackhole'],
      ['10.244.0.0/24', 'blackhole'],
      ['fd00:10:244:1::/64', 'fd00:10:244::'],
      ['10.244.1.0/24', '10.244.0.0'],
    ],
  );
  assert.equal(overlay.fdb.length, 1);
  const both = { ...pod, addresses: ['fd00:10:244::1', '10.244.0.1'] };
  assert.deepEqual(
    podOnNode(one, both, modelTraits.calico).routes.map(({ destination }) => destination),
    ['fd00:10:244::1/128', '10.244.0.1/32'],
  );
  assert.deepEqual(
    podInside(one, both, modelTraits.calico).routes.map(
      ({ destination, via }) => `${destination} ${via ?? 'on link'}`,
    ),
    ['::/0 fe80::1', '169.254.1.1/32 on link', '0.0.0.0/0 169.254.1.1'],
  );
});

test('where there is only IPv6, it carries the tunnel too, whose packets are smaller', () => {
  const [one] = labPlaces({ nodes: 1, config: networkConfigOf(undefined, ['IPv6']) });
  assert.ok(one);
  const tunnel = nodeOverlay(one, [], modelTraits.calico).links.get('vxlan.calico');
  assert.ok(tunnel?.kind === 'vxlan');
  assert.deepEqual([tunnel.local, tunnel.mtu], ['fd00:172:20::101', 1430]);
});
