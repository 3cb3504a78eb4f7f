import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Subnet, VirtualNetwork } from '../../types/fabric.ts';
import { providedProblems } from './provided.ts';

const networkOf = (provisionedBy: 'user' | 'provider', subnet: Partial<Subnet>): VirtualNetwork => ({
  apiVersion: 'weft.dev/v1alpha1',
  kind: 'VirtualNetwork',
  metadata: { name: 'default' },
  spec: {
    addressSpace: ['10.0.0.0/16'],
    provisionedBy,
    subnets: [{ name: 'nodes', prefix: '10.0.0.0/24', ...subnet }],
  },
});
const refused = (previous: VirtualNetwork, network: VirtualNetwork): string[] =>
  providedProblems(network, previous).map(({ path }) => path);

const endpoint = { serviceEndpoints: ['Microsoft.Storage'] };

test("a provider's network refuses other routes and endpoints, by field", () => {
  const provided = networkOf('provider', {});
  assert.deepEqual(refused(provided, networkOf('provider', endpoint)), ['spec.subnets[0].serviceEndpoints']);
  assert.deepEqual(refused(provided, networkOf('provider', { routeTable: 'mine' })), [
    'spec.subnets[0].routeTable',
  ]);
  assert.deepEqual(refused(provided, networkOf('provider', {})), []);
});

test("a user's network takes them, and one that becomes a user's with them", () => {
  assert.deepEqual(refused(networkOf('user', {}), networkOf('user', endpoint)), []);
  assert.deepEqual(refused(networkOf('provider', {}), networkOf('user', endpoint)), []);
});
