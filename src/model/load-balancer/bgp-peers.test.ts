import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BFDProfile, BGPPeer } from '../../api/types/load-balancer.ts';
import { peersOf, routerIdProblems, speaksWith, type Peer } from './bgp-peers.ts';

const namespace = 'metallb-system';

function peer(spec: Partial<BGPPeer['spec']> = {}, metadata = { name: 'tor', namespace }): BGPPeer {
  return {
    apiVersion: 'metallb.io/v1beta2',
    kind: 'BGPPeer',
    metadata,
    spec: { myASN: 64_501, peerASN: 64_500, peerAddress: '10.0.0.1', ...spec },
  };
}

const profile: BFDProfile = {
  apiVersion: 'metallb.io/v1beta1',
  kind: 'BFDProfile',
  metadata: { name: 'fast', namespace },
  spec: { receiveInterval: 50, detectMultiplier: 5 },
};
const options = {
  profiles: [profile],
  passwordOf: ({ name }: { name: string }) => (name === 'known' ? 'from-secret' : undefined),
};

function only(object: BGPPeer): Peer {
  const { peers, problems } = peersOf([object], options);
  assert.deepEqual(problems, []);
  assert.ok(peers[0]);
  return peers[0];
}

test('a peer that says the least has the defaults', () => {
  assert.deepEqual(only(peer()), {
    name: 'tor',
    address: '10.0.0.1',
    port: 179,
    asn: 64_500,
    myAsn: 64_501,
    localAsn: undefined,
    source: undefined,
    routerId: undefined,
    holdSeconds: 90,
    keepaliveSeconds: 30,
    connectSeconds: 5,
    isMultihop: false,
    restartsGracefully: false,
    password: undefined,
    bfd: undefined,
    families: ['IPv4'],
    nodeSelectors: [],
  });
});

test('keepalives follow the hold time, a password its Secret, and BFD its profile', () => {
  const found = only(peer({ holdTime: '9s', passwordSecret: { name: 'known' }, bfdProfile: 'fast' }));
  assert.equal(found.keepaliveSeconds, 3);
  assert.equal(found.password, 'from-secret');
  assert.deepEqual(found.bfd, { receiveMs: 50, transmitMs: 300, multiplier: 5, passive: false });
});

test('a session carries its own family, and both where it is told to', () => {
  assert.deepEqual(only(peer({ peerAddress: 'fd00::1' })).families, ['IPv6']);
  assert.deepEqual(only(peer({ dualStackAddressFamily: true })).families, ['IPv4', 'IPv6']);
});

const wrong: readonly [Partial<BGPPeer['spec']>, RegExp][] = [
  [{ peerAddress: 'router.example' }, /peerAddress "router\.example" is not an IP address/],
  [{ peerASN: 0 }, /one of peerASN and dynamicASN/],
  [{ dynamicASN: 'internal' }, /one of peerASN and dynamicASN/],
  [{ myASN: 0 }, /myASN/],
  [{ sourceAddress: 'fd00::2' }, /sourceAddress .* IPv4/],
  [{ routerID: 'fd00::2' }, /routerID/],
  [{ holdTime: '2s' }, /holdTime must be 0s, or 3s/],
  [{ holdTime: '90' }, /holdTime "90" is not a duration/],
  [{ keepaliveTime: '91s' }, /keepaliveTime must not be longer/],
  [{ connectTime: '1500ms' }, /connectTime/],
  [{ bfdProfile: 'none' }, /no BFDProfile none/],
  [{ disableMP: true, dualStackAddressFamily: true }, /only one of disableMP and dualStackAddressFamily/],
  [
    { passwordSecret: { name: 'known', namespace: 'shop' } },
    /passwordSecret must be in namespace metallb-system/,
  ],
  [{ passwordSecret: { name: 'none' } }, /no Secret none/],
  [{ passwordSecret: { name: 'known' }, password: 'x' }, /only one of password/],
  [{ interface: 'eth0' }, /interface/],
  [{ vrf: 'red' }, /VRF/],
];

test('a peer that cannot be followed is left out, with the field that is why', () => {
  for (const [spec, why] of wrong) {
    const { peers, problems } = peersOf([peer(spec)], options);
    assert.deepEqual(peers, []);
    assert.match(problems[0]?.why ?? '', why);
  }
});

test('peers in other namespaces are nobody’s, and are told why', () => {
  const stray = peer({}, { name: 'tor', namespace: 'default' });
  assert.deepEqual(peersOf([stray], options), {
    peers: [],
    problems: [{ object: stray, why: 'objects of metallb.io count in namespace metallb-system only' }],
  });
});

test('what a session does without is told of its profile', () => {
  const object = {
    ...profile,
    spec: { echoMode: true, echoInterval: 50, minimumTtl: 10, passiveMode: true },
  };
  const { peers, problems } = peersOf([peer({ bfdProfile: 'fast' })], { ...options, profiles: [object] });
  assert.equal(peers[0]?.bfd?.passive, true);
  assert.deepEqual(problems, [
    {
      object,
      why: 'echoMode, echoInterval, minimumTtl: not supported; sessions go on with the rest of the profile',
    },
  ]);
  assert.deepEqual(peersOf([peer()], { ...options, profiles: [object] }).problems, []);
});

test('a node has one router ID: peers that say another are told so, and those of other nodes may', () => {
  const node = (name: string) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { name } } });
  const named = (name: string, spec: Partial<BGPPeer['spec']>): Peer => only(peer(spec, { name, namespace }));
  const of = (name: string) => ({ nodeSelectors: [{ matchLabels: { name } }] });
  const peers = [
    named('a', { routerID: '10.0.0.1', ...of('n1') }),
    named('b', { routerID: '10.0.0.2', ...of('n2') }),
    named('c', {}),
    named('d', { routerID: '10.0.0.2' }),
  ];
  assert.deepEqual(
    [...routerIdProblems(peers, [node('n1'), node('n2')])],
    [['d', 'routerID: n1 has that of BGPPeer a, for all its sessions']],
  );
});

test('a node speaks with the peers that select it', () => {
  const node = (zone: string) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n', labels: { zone } },
  });
  const found = only(peer({ nodeSelectors: [{ matchLabels: { zone: 'a' } }] }));
  assert.equal(speaksWith(found, node('a')), true);
  assert.equal(speaksWith(found, node('b')), false);
  assert.equal(speaksWith(only(peer()), node('b')), true);
});
