import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PrivateDnsZone, VirtualNetwork } from '../../../api/types/fabric.ts';
import { buildWorld } from './build-world.ts';
import { networkNames } from './names.ts';
import type { NetworkInterface, NetworkWorld } from './world.ts';

const apiVersion = 'weft.dev/v1alpha1';

const network = (name: string): VirtualNetwork => ({
  apiVersion,
  kind: 'VirtualNetwork',
  metadata: { name },
  spec: { addressSpace: ['10.0.0.0/16'], subnets: [{ name: 'one', prefix: '10.0.1.0/24' }] },
});

const zone = (name: string, address: string, ...links: string[]): PrivateDnsZone => ({
  apiVersion,
  kind: 'PrivateDnsZone',
  metadata: { name },
  spec: { zone: 'corp.example', links, records: [{ name: 'db', type: 'A', values: [address] }] },
});

const at = (where: string, address: string, assigned: readonly string[] = []): NetworkInterface => ({
  id: `${where}/${address}`,
  machine: where,
  netns: where,
  name: 'eth0',
  network: where,
  subnet: 'one',
  addresses: [address],
  assigned,
  forwards: false,
});

/** Two networks that may have the same addresses, as 10.0.1.9. */
const world = (...privateZones: PrivateDnsZone[]): NetworkWorld =>
  buildWorld({ networks: [network('hub'), network('twin')], privateZones }, [
    at('hub', '10.0.1.4', ['10.0.1.64/28']),
    at('twin', '10.0.1.5'),
    at('hub', '10.0.1.9'),
    at('twin', '10.0.1.9'),
  ]);

const told = (of: NetworkWorld, source: string, name = 'db.corp.example'): string => {
  const { rcode, answers } = networkNames(of)({ name, type: 'A' }, source);
  return answers.map((one) => ('address' in one ? one.address : one.type)).join(' ') || rcode;
};

test('a zone is answered in the networks that are linked to it, and nowhere else', () => {
  const linked = world(zone('corp', '10.0.0.4', 'hub'));
  assert.equal(told(linked, '10.0.1.4'), '10.0.0.4');
  assert.equal(told(linked, '10.0.1.5'), 'NXDOMAIN');
  assert.equal(told(linked, '192.168.7.1'), 'NXDOMAIN');
  assert.equal(told(world(zone('corp', '10.0.0.4')), '10.0.1.4'), 'NXDOMAIN');
});

test('a pod with an address of the network asks as its node does', () => {
  assert.equal(told(world(zone('corp', '10.0.0.4', 'hub')), '10.0.1.70'), '10.0.0.4');
});

test('a name may be one thing in one network and another in the next', () => {
  const split = world(zone('a', '10.0.0.4', 'hub'), zone('b', '10.0.0.5', 'twin'));
  assert.deepEqual([told(split, '10.0.1.4'), told(split, '10.0.1.5')], ['10.0.0.4', '10.0.0.5']);
});

test('whoever could be in two networks hears only what is for both', () => {
  const split = world(zone('a', '10.0.0.4', 'hub'), zone('b', '10.0.0.5', 'twin', 'hub'));
  assert.equal(told(split, '10.0.1.9'), '10.0.0.5');
  assert.equal(told(world(zone('a', '10.0.0.4', 'hub')), '10.0.1.9'), 'NXDOMAIN');
});

test('everything else is the internet’s to say', () => {
  assert.equal(told(world(), '10.0.1.4', 'www.example.com'), '203.0.113.10');
});
