import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { resources } from '../api/resources.ts';
import type { Pod } from '../api/types/core.ts';
import { createFakeClient } from '../client/fake/client.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { silentLog } from '../lib/log.ts';
import { defaultNetworkConfig } from '../model/network/config.ts';
import { createControllers } from './controllers.ts';
import { nodeNamed } from './scenario.ts';

const podOn = (nodeName: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `on-${nodeName}`, namespace: 'default' },
  spec: { nodeName, containers: [{ name: 'c', image: 'none' }] },
});

test('pods of a node that stays away are deleted, and those of one that comes back are not', async (t) => {
  const clock = createFakeClock();
  const nodes = ['stays', 'leaves', 'returns'].map((name) => nodeNamed(name));
  const pods = ['stays', 'leaves', 'returns', 'never-was'].map(podOn);
  const client = createFakeClient({ clock, objects: [...nodes, ...pods] });
  const controllers = createControllers({ client, clock, log: silentLog, config: defaultNetworkConfig });
  await controllers.start();
  t.after(() => controllers.stop());
  const names = async (): Promise<string[]> => {
    for (let turns = 0; turns < 20; turns++) await turn();
    return (await client.list(resources.pods)).items.map(({ metadata }) => metadata.name).toSorted();
  };
  const all = ['on-leaves', 'on-never-was', 'on-returns', 'on-stays'];
  for (const name of ['leaves', 'returns']) await client.delete(resources.nodes, { name });
  await clock.advance(39_000);
  assert.deepEqual(await names(), all);
  await client.create(resources.nodes, nodeNamed('returns'));
  await clock.advance(2_000);
  assert.deepEqual(await names(), ['on-returns', 'on-stays']);
});
