import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fabricResources, layer2Resources } from '../../api/resources.ts';
import type { VirtualMachine } from '../../api/types/fabric.ts';
import type { Segment } from '../../api/types/layer2.ts';
import { createFakeLab, type FakeLab } from '../testing/fake-lab.ts';
import { shopCluster } from '../testing/shop-cluster.ts';
import { run } from '../testing/terminal.ts';

const cluster = await shopCluster();
const port3 = (name: string, last: number): VirtualMachine => ({
  apiVersion: 'weft.dev/v1alpha1',
  kind: 'VirtualMachine',
  metadata: { name },
  spec: { interfaces: [{ name: 'Port3', segment: 'cameras', addresses: [`192.168.20.${last}`] }] },
});
const cameras: Segment = {
  apiVersion: 'weft.dev/v1alpha1',
  kind: 'Segment',
  metadata: { name: 'cameras' },
  spec: { prefix: '192.168.20.0/24' },
};

/** A lab of the shop whose nodes have a Port3. */
async function labWithPort3(): Promise<FakeLab> {
  const lab = createFakeLab(cluster);
  await lab.client.create(layer2Resources.segments, cameras);
  for (const [index, name] of [...cluster.nodes.keys()].entries()) {
    await lab.client.create(fabricResources.virtualmachines, port3(name, index + 11));
  }
  return lab;
}
const add =
  'route add --interface Port3 --destination 192.168.21.0/24 --next-hop 192.168.20.1 --metric 100'.split(' ');
const kept = 'port3-192.168.21.0-24-100';

test('who adds a route waits for the machines that can take it, and is told which did not in time', async () => {
  const { client, connection } = await labWithPort3();
  const { code, err } = await run([...add, '--timeout', '0'], connection);
  assert.equal(code, 1);
  assert.match(err, /the route is kept, but after 0 s the kernel does not have it on node-1/);
  assert.notEqual(await client.get(layer2Resources.noderoutes, { name: kept }), undefined);
});

test('who adds a route waits no longer than the kernels of all machines that can take it', async () => {
  const { client, connection } = await labWithPort3();
  const ended = run([...add, '--timeout', '60'], connection);
  while ((await client.get(layer2Resources.noderoutes, { name: kept })) === undefined);
  const status = { nodes: [...cluster.nodes.keys()] };
  await client.patch(layer2Resources.noderoutes, { name: kept }, { body: { status }, subresource: 'status' });
  assert.deepEqual(await ended, { code: 0, out: '', err: '' });
});

test('a route is added without waiting', async () => {
  const { connection } = await labWithPort3();
  assert.equal((await run([...add, '--no-wait'], connection)).code, 0);
});
