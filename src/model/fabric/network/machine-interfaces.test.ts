import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VirtualMachine, VirtualNetwork } from '../../../api/types/fabric.ts';
import { machineInterfaces } from './machine-interfaces.ts';
import type { NetworkInterface } from './world.ts';

const apiVersion = 'weft.dev/v1alpha1';
const network: VirtualNetwork = {
  apiVersion,
  kind: 'VirtualNetwork',
  metadata: { name: 'default' },
  spec: { addressSpace: ['10.0.0.0/16'], subnets: [{ name: 'pods', prefix: '10.0.1.0/27' }] },
};
const machine = (name: string, has?: string): VirtualMachine => ({
  apiVersion,
  kind: 'VirtualMachine',
  metadata: { name },
  spec: { interfaces: [{ name: 'eth0', network: 'default', subnet: 'pods' }] },
  ...(has !== undefined && { status: { interfaces: [{ name: 'eth0', addresses: [has] }] } }),
});
const node = (...assigned: string[]): NetworkInterface => ({
  id: 'node:n1/eth0',
  machine: 'n1',
  netns: 'node-n1',
  name: 'eth0',
  network: 'default',
  subnet: 'pods',
  addresses: ['10.0.1.4'],
  assigned,
  forwards: true,
});
const given = (machines: VirtualMachine[], taken: NetworkInterface[]): string[] =>
  machineInterfaces(machines, { networks: new Map([['default', network]]), taken }).map(
    ({ id, addresses }) => `${id} ${addresses.join()}`,
  );

test('a machine has the first address that is nobody’s, and keeps it when others come', () => {
  assert.deepEqual(given([machine('a'), machine('b', '10.0.1.5')], []), [
    'vm:a/eth0 10.0.1.4',
    'vm:b/eth0 10.0.1.5',
  ]);
  assert.deepEqual(given([machine('a'), machine('b', '10.0.1.5')], [node()]), [
    'vm:a/eth0 10.0.1.6',
    'vm:b/eth0 10.0.1.5',
  ]);
});

test('what a node has for its pods is not a machine’s, be it addresses or blocks', () => {
  assert.deepEqual(given([machine('a')], [node('10.0.1.5/32', '10.0.1.6/32')]), ['vm:a/eth0 10.0.1.7']);
  assert.deepEqual(given([machine('a')], [node('10.0.1.0/28', '10.0.1.16/32')]), ['vm:a/eth0 10.0.1.17']);
  assert.deepEqual(given([machine('a')], [node('10.0.1.0/28', '10.0.1.16/28')]), [], 'the subnet is full');
});
