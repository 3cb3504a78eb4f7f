import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultNetworkConfig, upstreamServers, type NetworkConfig } from './config.ts';

const upstream = (config: Partial<NetworkConfig>): readonly string[] =>
  upstreamServers({ ...defaultNetworkConfig, ...config });

test('cluster DNS asks the internet’s server on a segment, and the fabric’s in a virtual network', () => {
  assert.deepEqual(upstream({ model: 'calico' }), ['198.51.100.53']);
  assert.deepEqual(upstream({ podCidrs: ['10.244.0.0/16', 'fd00:10:244::/56'] }), [
    '198.51.100.53',
    '2001:db8:53::53',
  ]);
  for (const model of ['kubenet', 'azure-cni', 'azure-cni-dynamic', 'azure-cni-overlay'] as const) {
    assert.deepEqual(upstream({ model }), ['168.63.129.16']);
  }
});

test('a virtual network may name others, which a segment does not', () => {
  const servers = ['172.20.128.4'];
  assert.deepEqual(upstreamServers({ ...defaultNetworkConfig, model: 'azure-cni' }, servers), servers);
  assert.deepEqual(upstreamServers({ ...defaultNetworkConfig, model: 'calico' }, servers), ['198.51.100.53']);
});

test('servers that somebody names are asked instead', () => {
  const upstreamResolvers = ['172.20.128.4'];
  assert.deepEqual(upstream({ model: 'kubenet', upstreamResolvers }), upstreamResolvers);
});
