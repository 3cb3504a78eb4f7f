import assert from 'node:assert/strict';
import { test } from 'node:test';
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

test('what is no pod runs nothing', async () => {
  const lab = createFakeLab(cluster);
  for (const pod of ['node:node-1', 'internet', 'shop/nobody']) {
    assert.equal((await run(['exec', pod, '--', 'true'], lab.connection)).code, 2);
  }
  assert.deepEqual(lab.executed, []);
});
