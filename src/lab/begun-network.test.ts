import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../api/types/meta.ts';
import { defaultNetworkObjects } from '../model/fabric/network/default-network.ts';
import { begunNetwork } from './begun-network.ts';

test('a lab begins with the network that its manifests describe, and with its model’s in what they do not say', () => {
  const spec = { addressSpace: ['172.20.0.0/16'], subnets: [{ name: 'nodes', prefix: '172.20.0.0/23' }] };
  const own = {
    apiVersion: 'weft.dev/v1alpha1',
    kind: 'VirtualNetwork',
    metadata: { name: 'default' },
    spec,
  };
  const other = { ...own, metadata: { name: 'other' } };
  const routes = defaultNetworkObjects('kubenet').find(({ kind }) => kind === 'RouteTable');
  const begun = begunNetwork('kubenet', [other, own] as KubernetesObject[]);
  assert.deepEqual(
    begun.filter(({ kind }) => kind !== 'Internet'),
    [routes, { ...own, spec: { ...spec, provisionedBy: 'provider' } }],
  );
  assert.deepEqual(begunNetwork('kubenet', [other]), defaultNetworkObjects('kubenet'));
});
