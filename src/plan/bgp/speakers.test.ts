import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../api/types/core.ts';
import type { BGPPeer } from '../../api/types/load-balancer.ts';
import { peersOf, type Peer } from '../../model/load-balancer/bgp-peers.ts';
import type { NodePlace } from '../../model/network/topology.ts';
import { neighbourName, nodeSpeaker, routerSpeaker } from './speakers.ts';

const place = (n: number): NodePlace => ({
  name: `node-${n}`,
  address: `10.0.0.${n}`,
  podCidr: `10.244.${n}.0/24`,
  tunnelAddress: `10.244.${n}.0`,
  secondary: { address: `fd00::${n}`, podCidr: `fd01:${n}::/64`, tunnelAddress: `fd01:${n}::` },
});
const node = (n: number): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: `node-${n}`, labels: {} },
});

function peers(...specs: (Partial<BGPPeer['spec']> & { name: string })[]): readonly Peer[] {
  const objects = specs.map(({ name, ...spec }) => ({
    apiVersion: 'metallb.io/v1beta2',
    kind: 'BGPPeer',
    metadata: { name, namespace: 'metallb-system' },
    spec: { myASN: 64_501, peerASN: 64_500, peerAddress: '10.0.0.254', ...spec },
  }));
  const found = peersOf(objects, { profiles: [], passwordOf: () => undefined });
  assert.deepEqual(found.problems, []);
  return found.peers;
}

const announcements: never[] = [];

test('a node without peers has no speaker', () => {
  assert.equal(nodeSpeaker(place(1), node(1), { peers: [], announcements }), undefined);
  const others = peers({ name: 'tor', nodeSelectors: [{ matchLabels: { rack: '9' } }] });
  assert.equal(nodeSpeaker(place(1), node(1), { peers: others, announcements }), undefined);
});

test('a node has a neighbour for each of its peers, with the AS number that each is told', () => {
  const both = peers(
    { name: 'a' },
    { name: 'b', peerAddress: 'fd00::254', myASN: 64_777, dualStackAddressFamily: true },
  );
  const speaker = nodeSpeaker(place(1), node(1), { peers: both, announcements });
  assert.equal(speaker?.asn, 64_501);
  assert.equal(speaker.routerId, '10.0.0.1');
  assert.deepEqual(
    speaker.neighbours.map(({ address, localAsn, nextHops, passive }) => ({
      address,
      localAsn,
      nextHops,
      passive,
    })),
    [
      { address: '10.0.0.254', localAsn: undefined, nextHops: {}, passive: false },
      { address: 'fd00::254', localAsn: 64_777, nextHops: { IPv4: '10.0.0.1' }, passive: false },
    ],
  );
});

test('the router answers the nodes that speak with it, as the peers say from the other side', () => {
  const nodes = [1, 2].map((n) => ({ place: place(n), node: node(n) }));
  const known = peers({ name: 'tor', password: 'x' }, { name: 'elsewhere', peerAddress: '10.9.9.9' });
  const speaker = routerSpeaker(['10.0.0.254', 'fd00::254'], nodes, known);
  assert.equal(speaker?.asn, 64_500);
  assert.equal(speaker.installs, true);
  assert.deepEqual(
    speaker.neighbours.map(({ address, asn, password, passive, routes }) => ({
      address,
      asn,
      password,
      passive,
      routes,
    })),
    ['10.0.0.1', '10.0.0.2'].map((address) => ({
      address,
      asn: 64_501,
      password: 'x',
      passive: true,
      routes: [],
    })),
  );
  assert.equal(routerSpeaker(['10.8.8.8'], nodes, known), undefined);
});

test('a router of any AS number has one that fits', () => {
  const nodes = [{ place: place(1), node: node(1) }];
  const asnFor = (dynamicASN: 'internal' | 'external'): number | undefined =>
    routerSpeaker(['10.0.0.254'], nodes, peers({ name: 'tor', peerASN: 0, dynamicASN }))?.asn;
  assert.equal(asnFor('internal'), 64_501);
  assert.notEqual(asnFor('external'), 64_501);
});

test('names of objects become different names of neighbours', () => {
  const names = ['a-b', 'a.b', 'a--b', `${'x'.repeat(63)}1`, `${'x'.repeat(63)}2`].map(neighbourName);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^[A-Za-z][A-Za-z0-9_]{0,62}$/);
});
