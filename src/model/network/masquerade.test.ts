import assert from 'node:assert/strict';
import { test } from 'node:test';
import { masqueradeOf } from './masquerade.ts';
import { modelTraits, type NetworkModel } from './models.ts';
import { sourceSeen } from './source.ts';
import type { Place } from './topology.ts';
import { hasWayBack } from './way-back.ts';

const podCidrs = ['10.244.0.0/16'];
const networkSpace = ['172.20.0.0/16', '10.30.0.0/24'];
const places = new Map([['node-1', { name: 'node-1', address: '172.20.1.1', podCidr: '10.244.0.0/24' }]]);
const pod: Place = { kind: 'pod', address: '10.244.0.7', node: 'node-1' };
const networkPod: Place = { kind: 'pod', address: '172.20.1.40', node: 'node-1' };

const seenAt = (model: NetworkModel, address: string, port = 80): string | undefined =>
  sourceSeen(
    { places, config: { model, podCidrs }, networkSpace },
    {
      source: modelTraits[model].podAddresses === 'network' ? networkPod : pod,
      destination: { kind: 'external', address },
      port: { protocol: port === 53 ? 'UDP' : 'TCP', port },
    },
  );

test('whom a machine of the same network sees', () => {
  const machine = '172.20.128.9';
  assert.equal(seenAt('calico', machine), '172.20.1.1');
  assert.equal(seenAt('flannel', machine), '10.244.0.7');
  assert.equal(seenAt('kubenet', machine), '172.20.1.1');
  assert.equal(seenAt('azure-cni', machine), '172.20.1.40');
  assert.equal(seenAt('azure-cni-dynamic', machine), '172.20.1.40');
  assert.equal(seenAt('azure-cni-overlay', machine), '172.20.1.1');
});

test('whatever prefix of their network a machine is in, it sees pods that have addresses of the network', () => {
  assert.equal(seenAt('azure-cni', '10.30.0.9'), '172.20.1.40');
  assert.equal(seenAt('azure-cni', '10.30.1.9'), '172.20.1.1');
  assert.equal(seenAt('azure-cni-overlay', '10.30.0.9'), '172.20.1.1');
});

test('whom a machine of a peered network sees', () => {
  const machine = '172.21.0.9';
  for (const model of ['flannel', 'kubenet', 'azure-cni', 'azure-cni-overlay'] as const) {
    assert.equal(seenAt(model, machine), '172.20.1.1', model);
  }
  assert.equal(seenAt('azure-cni-dynamic', machine), '172.20.1.40');
});

test('what the host of a machine answers for is asked with the address of the machine', () => {
  assert.equal(seenAt('azure-cni-dynamic', '168.63.129.16', 53), '172.20.1.1');
  assert.equal(seenAt('azure-cni-dynamic', '169.254.169.254', 80), '172.20.1.1');
  assert.equal(seenAt('azure-cni-dynamic', '169.254.169.254', 81), '172.20.1.40');
});

test('a model without IPv6 has no ranges of it', () => {
  assert.deepEqual(
    masqueradeOf({ config: { model: 'kubenet', podCidrs }, networkSpace }, 'IPv6').podRanges,
    [],
  );
});

test('machines of a segment know no way to pods, a virtual network does', () => {
  assert.equal(hasWayBack({ model: 'flannel', podCidrs }, '10.244.0.7'), false);
  assert.equal(hasWayBack({ model: 'flannel', podCidrs }, '172.20.1.1'), true);
  assert.equal(hasWayBack({ model: 'azure-cni', podCidrs }, '172.20.1.40'), true);
});
