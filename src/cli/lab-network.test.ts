import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterNetworkSpec } from '../api/types/network.ts';
import { labNetworkOf, type NetworkChoice } from './lab-network.ts';
import type { Manifests } from './manifests/load.ts';

function manifests(spec?: ClusterNetworkSpec): Manifests {
  const object = {
    apiVersion: 'weft.dev/v1alpha1',
    kind: 'ClusterNetwork',
    metadata: { name: 'default' },
    spec,
  };
  const loaded = { object, file: 'network.yaml', line: 1 };
  return { objects: spec === undefined ? [] : [loaded], ignored: [] } as unknown as Manifests;
}

const podRanges = (spec: ClusterNetworkSpec | undefined, choice: NetworkChoice): readonly string[] =>
  labNetworkOf(manifests(spec), choice).podCidrs;

test('the families are those asked for, IPv4 unless told otherwise', () => {
  assert.deepEqual(podRanges(undefined, {}), ['10.244.0.0/16']);
  assert.deepEqual(podRanges(undefined, { ipFamily: 'ipv6' }), ['fd00:10:244::/56']);
  assert.deepEqual(podRanges({ model: 'calico' }, { ipFamily: 'dual' }), [
    '10.244.0.0/16',
    'fd00:10:244::/56',
  ]);
});

test('the ClusterNetwork decides, also about which family is the primary one', () => {
  const spec = { podCIDR: 'fd00:1::/56,10.1.0.0/16' };
  assert.deepEqual(podRanges(spec, {}), ['fd00:1::/56', '10.1.0.0/16']);
  assert.deepEqual(podRanges(spec, { ipFamily: 'dual' }), ['fd00:1::/56', '10.1.0.0/16']);
  assert.deepEqual(labNetworkOf(manifests(spec), {}).serviceCidrs, ['fd00:10:96::/112', '10.96.0.0/12']);
});

test('the mode of azure-cni is chosen by the option or by the ClusterNetwork, and no other model has one', () => {
  const modeOf = (spec: ClusterNetworkSpec | undefined, choice: NetworkChoice): string =>
    labNetworkOf(manifests(spec), choice).cniMode;
  assert.equal(modeOf(undefined, { network: 'azure-cni' }), 'transparent');
  assert.equal(modeOf(undefined, { network: 'azure-cni', cniMode: 'bridge' }), 'bridge');
  assert.equal(modeOf({ model: 'azure-cni', cniMode: 'bridge' }, {}), 'bridge');
  assert.throws(() => modeOf(undefined, { network: 'kubenet', cniMode: 'bridge' }), {
    code: 'network-contradicts',
  });
  assert.throws(() => modeOf({ model: 'azure-cni', cniMode: 'bridge' }, { cniMode: 'transparent' }), {
    code: 'network-contradicts',
  });
  assert.throws(() => modeOf(undefined, { network: 'azure-cni', cniMode: 'tunnel' }), {
    code: 'cni-mode-invalid',
  });
});

test('a model is chosen by the option or by the ClusterNetwork', () => {
  assert.equal(labNetworkOf(manifests(), { network: 'flannel' }).model, 'flannel');
  assert.equal(labNetworkOf(manifests({ model: 'flannel' }), {}).model, 'flannel');
});

test('what contradicts it, or makes no sense, is refused', () => {
  const spec = { model: 'calico', podCIDR: '10.1.0.0/16' } as const;
  assert.throws(() => podRanges(spec, { ipFamily: 'dual' }), { code: 'network-contradicts' });
  assert.throws(() => podRanges(spec, { network: 'flannel' }), { code: 'network-contradicts' });
  assert.throws(() => podRanges(undefined, { ipFamily: 'both' }), { code: 'ip-family-invalid' });
  assert.throws(() => podRanges(undefined, { network: 'cilium' }), { code: 'network-unavailable' });
  assert.throws(() => podRanges(undefined, { network: 'flannel', ipFamily: 'dual' }), {
    code: 'network-contradicts',
  });
});
