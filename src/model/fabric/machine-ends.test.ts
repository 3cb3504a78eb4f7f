import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Site, VirtualMachine } from '../../api/types/fabric.ts';
import { machineEnds } from './machine-ends.ts';

const apiVersion = 'weft.dev/v1alpha1';
const machine = (asked: string[], told?: string[]): VirtualMachine => ({
  apiVersion,
  kind: 'VirtualMachine',
  metadata: { name: 'db' },
  spec: { interfaces: [{ name: 'eth0', addresses: asked }] },
  ...(told !== undefined && { status: { interfaces: [{ name: 'eth0', addresses: told }] } }),
});
const site: Site = {
  apiVersion,
  kind: 'Site',
  metadata: { name: 'berlin' },
  spec: { prefixes: ['192.168.7.0/24'], gateway: { network: 'hub' } },
};

test('a machine is asked at the address that it was given', () => {
  const ends = machineEnds([machine([], ['10.1.0.4'])], [site], new Set());
  assert.deepEqual(ends.get('vm:db'), { addresses: ['10.1.0.4'], netns: 'vm-db' });
  assert.deepEqual(ends.get('site:berlin'), { addresses: ['192.168.7.1'], netns: 'site-berlin' });
});

test('until somebody tells, at the one that it asks for', () => {
  assert.deepEqual(machineEnds([machine(['10.1.0.9/24'])], [], new Set()).get('vm:db')?.addresses, [
    '10.1.0.9',
  ]);
  assert.equal(machineEnds([machine([])], [], new Set()).has('vm:db'), false);
});

test('the machine of a node is no end of its own', () => {
  const asked = [machine(['10.1.0.9'])];
  assert.equal(machineEnds(asked, [], new Set(['db'])).has('vm:db'), false);
  assert.equal(machineEnds(asked, [], new Set(['node-1'])).has('vm:db'), true);
});
