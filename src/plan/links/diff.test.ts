import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NamespaceState } from '../../kernel/route/port.ts';
import { labPlaces } from '../../lab/options.ts';
import { diffNamespace, emptyNamespace, restrictTo } from './diff.ts';
import { isAgentLink, nodeOverlay, podOnNode, podLinkName } from './node.ts';

const [first, second, third] = labPlaces({ nodes: 3 });
assert.ok(first && second && third);
const pod = { uid: '8f14e45f-ceea-4e67-a0c5-000000000001', address: '10.244.0.1', netns: 'pod-1' };

test('equal states need no operation', () => {
  const state = nodeOverlay(first, [second, third]);
  assert.deepEqual(diffNamespace(state, state), []);
});

test('links come first, then addresses, and routes last', () => {
  const actions = diffNamespace(emptyNamespace, nodeOverlay(first, [second])).map(({ action }) => action);
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
  const operations = diffNamespace(nodeOverlay(first, [second, third]), nodeOverlay(first, [second]));
  assert.deepEqual(
    operations.map(({ action }) => action),
    ['delete-route', 'delete-fdb', 'delete-neighbour'],
  );
});

test('what hangs on a deleted link is not deleted one by one', () => {
  assert.deepEqual(diffNamespace(podOnNode(first, pod), emptyNamespace), [
    { action: 'delete-link', name: podLinkName(pod.uid) },
  ]);
});

test('a VXLAN device with another local address is made anew, with everything on it', () => {
  const moved = { ...first, address: '172.20.9.9' };
  const actions = diffNamespace(nodeOverlay(first, [second]), nodeOverlay(moved, [second])).map(
    ({ action }) => action,
  );
  assert.deepEqual(actions.slice(0, 2), ['delete-link', 'add-link']);
  assert.ok(actions.includes('add-fdb'));
});

test('a link that changes its MAC address gets its neighbours again', () => {
  const before = podOnNode(first, pod);
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
  const before = nodeOverlay(first, []);
  const after = { ...before, addresses: [{ link: 'vxlan.calico', address: '10.244.9.0/32' }] };
  assert.deepEqual(
    diffNamespace(before, after).map(({ action }) => action),
    ['add-address', 'delete-address'],
  );
});

test('a dumped veth end counts as the veth that was asked for', () => {
  const desired = podOnNode(first, pod);
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
      ...nodeOverlay(first, [second]).routes,
    ],
  };
  assert.ok(restrictTo(state, isAgentLink).routes.every(({ link }) => link !== 'eth0'));
});
