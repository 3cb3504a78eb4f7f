import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeLab } from '../testing/fake-lab.ts';
import { shopCluster } from '../testing/shop-cluster.ts';
import { run } from '../testing/terminal.ts';

test('logs about somebody of whom nothing was written say so', async () => {
  const lab = createFakeLab(await shopCluster());
  const { code, out, err } = await run(['logs', 'shop/wbe'], lab.connection);
  assert.equal(code, 0);
  assert.equal(out, '');
  assert.equal(err, 'nothing was written about shop/wbe\n');
});
