import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../api/types/meta.ts';
import { WeftError } from '../lib/errors.ts';
import { networkConfigOf } from '../model/network/config.ts';
import type { ClusterNetwork } from '../api/types/network.ts';
import { requireOwnRanges } from './cluster-ranges.ts';

const written = (line: number, kind: string, spec: object) => ({
  object: { apiVersion: 'weft.dev/v1alpha1', kind, metadata: { name: 'one' }, spec } as KubernetesObject,
  source: { file: 'a.yaml', line },
  lineOf: () => line + 3,
});
const refused = (...[objects, spec]: [ReturnType<typeof written>[], ClusterNetwork['spec']?]): string[] => {
  const network = { apiVersion: 'weft.dev/v1alpha1', kind: 'ClusterNetwork', metadata: { name: 'default' } };
  try {
    requireOwnRanges(networkConfigOf({ ...network, spec: spec ?? {} }), objects);
    return [];
  } catch (error) {
    if (!(error instanceof WeftError) || error.code !== 'range-overlaps') throw error;
    return error.message.split('\n').map((line) => line.replace(/Invalid value: "[^"]*": must not /, ''));
  }
};
const services = 'overlap 10.96.0.0/12, the range of Services (ClusterNetwork, spec.serviceCIDR)';
const pods = 'overlap 10.244.0.0/16, the range of pods (ClusterNetwork, spec.podCIDR)';

test('whoever is around the nodes has no addresses of Services or pods, and each is told with its place', () => {
  assert.deepEqual(
    refused([
      written(1, 'Segment', { prefix: '10.99.0.0/24' }),
      written(11, 'VirtualSwitch', { type: 'internal', prefix: '10.244.7.0/24' }),
      written(21, 'VirtualNetwork', { addressSpace: ['10.50.0.0/16', '10.0.0.0/8'] }),
      written(31, 'Site', { prefixes: ['10.97.0.0/16'], gateway: { network: 'default' } }),
      written(41, 'Segment', { prefix: '192.168.20.0/24' }),
      written(51, 'Segment', { vlan: 7 }),
    ]),
    [
      `a.yaml:4: Segment one: spec.prefix: ${services}`,
      `a.yaml:14: VirtualSwitch one: spec.prefix: ${pods}`,
      `a.yaml:24: VirtualNetwork one: spec.addressSpace[1]: ${services}`,
      `a.yaml:34: Site one: spec.prefixes[0]: ${services}`,
    ],
  );
});

test('a model whose pods have addresses of the virtual network has no range of pods', () => {
  const inside = [written(1, 'VirtualNetwork', { addressSpace: ['10.244.0.0/16'] })];
  assert.deepEqual(refused(inside, { model: 'azure-cni' }), []);
  assert.deepEqual(refused(inside, { model: 'kubenet' }), [
    `a.yaml:4: VirtualNetwork one: spec.addressSpace[0]: ${pods}`,
  ]);
});

test('the ranges of a cluster are not those of its nodes', () => {
  const spec = { podCIDR: '172.20.0.0/15' };
  const network = written(7, 'ClusterNetwork', spec);
  assert.deepEqual(refused([network], spec), [
    'a.yaml:10: ClusterNetwork one: spec.podCIDR: overlap 172.20.0.0/16, where the nodes are',
  ]);
  assert.deepEqual(refused([], { serviceCIDR: 'fd00:172:20::/112', podCIDR: 'fd00:1::/64' }), [
    'ClusterNetwork: spec.serviceCIDR: overlap fd00:172:20::/64, where the nodes are',
  ]);
});
