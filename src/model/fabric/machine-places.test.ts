import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../api/types/core.ts';
import type { NodePlace } from '../network/topology.ts';
import { machinePlaces, mayMove } from './machine-places.ts';

const places: readonly NodePlace[] = [
  { name: 'n1', address: '172.20.1.1', podCidr: '10.244.0.0/24', tunnelAddress: '10.244.0.0' },
  { name: 'n2', address: '172.20.1.2', podCidr: '10.244.1.0/24', tunnelAddress: '10.244.1.0' },
];

function nodeAt(name: string, address: string, podCIDR: string): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec: { podCIDR },
    status: { addresses: [{ type: 'InternalIP', address }] },
  };
}

const addressesWith = (...nodes: readonly Node[]): string[] =>
  machinePlaces(places, nodes, 'calico').map(({ address }) => address);

test('a machine has the address that its Node object says', () => {
  assert.deepEqual(addressesWith(nodeAt('n2', '172.20.7.7', '10.244.1.0/24')), ['172.20.1.1', '172.20.7.7']);
});

test('a machine whose Node object is gone stays where it was', () => {
  assert.deepEqual(addressesWith(), ['172.20.1.1', '172.20.1.2']);
});

test('an address outside the segment, or of another machine, cannot be given', () => {
  for (const address of ['192.0.2.1', '172.20.1.1', '172.20.0.1', '172.20.0.10']) {
    const kept = addressesWith(nodeAt('n2', address, '10.244.1.0/24'));
    assert.deepEqual(kept, ['172.20.1.1', '172.20.1.2'], address);
  }
});

test('a machine follows to an address that another one leaves at the same time', () => {
  const both = [nodeAt('n1', '172.20.7.7', '10.244.0.0/24'), nodeAt('n2', '172.20.1.1', '10.244.1.0/24')];
  assert.deepEqual(addressesWith(...both), ['172.20.7.7', '172.20.1.1']);
});

test('of two nodes that want one address, one has it', () => {
  const both = ['n1', 'n2'].map((name, i) => nodeAt(name, '172.20.7.7', `10.244.${i}.0/24`));
  assert.deepEqual(addressesWith(...both), ['172.20.7.7', '172.20.1.2']);
});

test('a machine may move for a Node object that says another address, and for nothing else that it says', () => {
  const mayMoveTo = (key: string, current?: Node): boolean =>
    mayMove(places, { key, ...(current && { current }) }, 'calico');
  const node = nodeAt('n2', '172.20.1.2', '10.244.1.0/24');
  const ready = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }] as const;
  assert.equal(mayMoveTo('n2', { ...node, status: { ...node.status, conditions: [...ready] } }), false);
  assert.equal(mayMoveTo('n2', nodeAt('n2', '172.20.7.7', '10.244.1.0/24')), true);
  assert.equal(mayMoveTo('n2'), false, 'it stays where it was');
  assert.equal(mayMoveTo('elsewhere', nodeAt('elsewhere', '172.20.7.7', '10.244.1.0/24')), false);
});
