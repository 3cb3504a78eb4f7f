import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../api/types/meta.ts';
import { WeftError } from '../lib/errors.ts';
import { defaultNetworkConfig } from '../model/network/config.ts';
import { requireFittingWorld } from './fitting-world.ts';
import type { Written } from './written.ts';

const written = (line: number, kind: string, name: string, spec: object): Written => ({
  object: { apiVersion: 'weft.dev/v1alpha1', kind, metadata: { name }, spec } as KubernetesObject,
  source: { file: 'a.yaml', line },
  lineOf: () => line + 3,
});
const network = (line: number, name: string, space: string, nodes?: string): Written =>
  written(line, 'VirtualNetwork', name, {
    addressSpace: [space],
    ...(nodes !== undefined && { subnets: [{ name: 'nodes', prefix: nodes }] }),
  });

const refused = (...objects: Written[]): string[] => {
  try {
    requireFittingWorld({ nodes: 2, config: { ...defaultNetworkConfig, model: 'azure-cni' } }, objects);
    return [];
  } catch (error) {
    if (!(error instanceof WeftError) || error.code !== 'world-invalid') throw error;
    return error.message.split('\n').map((line) => line.replace(/Invalid value: "[^"]*": /, ''));
  }
};

test('networks that are peered are told to overlap before anything starts, also with the one that a lab begins with', () => {
  const peering = written(11, 'VirtualNetworkPeering', 'p', { networks: ['default', 'hub'] });
  assert.deepEqual(refused(network(1, 'hub', '172.20.0.0/20'), peering), [
    'a.yaml:4: VirtualNetwork hub: spec.addressSpace[0]: must not overlap 172.20.0.0/16 of the peered network default',
    'a.yaml:14: VirtualNetworkPeering p: spec.networks[1]: must not overlap 172.20.0.0/16 of the peered network default',
  ]);
  assert.deepEqual(refused(network(1, 'hub', '10.9.0.0/16'), peering), []);
  // The manifests' own network is in the place of the one that a lab begins with.
  assert.deepEqual(
    refused(
      network(1, 'hub', '172.21.0.0/16'),
      network(21, 'default', '172.20.0.0/16', '172.20.0.0/17'),
      peering,
    ),
    [],
  );
});

test('the subnet of the nodes holds the nodes', () => {
  assert.deepEqual(refused(network(1, 'default', '172.20.0.0/16', '172.20.0.0/24')), [
    'a.yaml:4: VirtualNetwork default: spec.subnets[0].prefix: 172.20.1.1 of node node-1 and 1 more must stay in the subnet nodes (172.20.0.0/17)',
  ]);
  assert.deepEqual(refused(network(1, 'default', '172.20.0.0/16', '172.20.0.0/20')), []);
});

test('two machines do not ask for one address', () => {
  const machine = (line: number, name: string): Written =>
    written(line, 'VirtualMachine', name, {
      interfaces: [{ name: 'eth0', network: 'default', subnet: 'machines', addresses: ['172.20.128.9'] }],
    });
  assert.deepEqual(refused(machine(1, 'a')), []);
  assert.match(
    refused(machine(1, 'a'), machine(11, 'b')).join('\n'),
    /^a\.yaml:4: .* is the address of machine b\na\.yaml:14: .* machine a$/,
  );
});
