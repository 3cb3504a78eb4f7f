import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fabricResources, resources } from '../../api/resources.ts';
import { createFakeLab } from '../testing/fake-lab.ts';
import { shopCluster } from '../testing/shop-cluster.ts';
import { run } from '../testing/terminal.ts';

const cluster = await shopCluster();

test('a program runs in the namespace of the pod, with its own options and exit code', async () => {
  const lab = createFakeLab(cluster);
  const { code } = await run(['exec', 'shop/db-0', '--', 'curl', '-v', '--name', 'x'], lab.connection);
  assert.equal(code, 7);
  assert.deepEqual(lab.executed, [['pod-uid-of-shop-db-0', 'curl', '-v', '--name', 'x']]);
  assert.ok(lab.isClosed());
});

test('a program runs on a node and on a machine, which ask the name servers of where they are', async () => {
  const lab = createFakeLab(cluster);
  const apiVersion = 'weft.dev/v1alpha1';
  const machine = { name: 'eth0', network: 'far', subnet: 'one', addresses: ['10.9.1.4'] };
  await lab.client.create(resources.clusternetworks, {
    apiVersion,
    kind: 'ClusterNetwork',
    metadata: { name: 'default' },
    spec: { model: 'azure-cni-overlay' },
  });
  await lab.client.create(fabricResources.virtualnetworks, {
    apiVersion,
    kind: 'VirtualNetwork',
    metadata: { name: 'far' },
    spec: {
      addressSpace: ['10.9.0.0/16'],
      subnets: [{ name: 'one', prefix: '10.9.1.0/24' }],
      dnsServers: ['10.9.1.9'],
    },
  });
  await lab.client.create(fabricResources.virtualmachines, {
    apiVersion,
    kind: 'VirtualMachine',
    metadata: { name: 'db' },
    spec: { interfaces: [machine] },
  });
  await lab.client.create(fabricResources.sites, {
    apiVersion,
    kind: 'Site',
    metadata: { name: 'office' },
    spec: { prefixes: ['192.168.7.0/24'], gateway: { network: 'far' } },
  });
  for (const where of ['node:node-1', 'vm:db', 'site:office']) {
    assert.equal((await run(['exec', where, '--', 'true'], lab.connection)).code, 7);
  }
  assert.deepEqual(lab.executed, [
    ['node-node-1', '168.63.129.16', 'true'],
    ['vm-db', '10.9.1.9', 'true'],
    ['site-office', '', 'true'],
  ]);
});

test('what is no pod or machine runs nothing', async () => {
  const lab = createFakeLab(cluster);
  for (const pod of ['internet', 'shop/nobody', 'vm:nobody']) {
    assert.equal((await run(['exec', pod, '--', 'true'], lab.connection)).code, 2);
  }
  assert.deepEqual(lab.executed, []);
});
