import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { resources } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { createFakeClient } from '../../client/fake/client.ts';
import { silentLog } from '../../lib/log.ts';
import { createRepairTeller } from './tell-repairs.ts';

const named = (apiVersion: string, kind: string, name: string): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, uid: name },
});

test('whose namespace is back is told, and all nodes are of what belongs to nobody of them', async () => {
  const machine = named('weft.dev/v1alpha1', 'VirtualMachine', 'db');
  const client = createFakeClient({
    objects: [named('v1', 'Node', 'node-1'), named('v1', 'Node', 'node-2'), machine],
  });
  const teller = createRepairTeller({ client, log: silentLog });
  teller.restored(new Set(['node-node-2', 'vm-db', 'router']));
  const told = async (): Promise<string[]> => {
    const { items } = await client.list(resources.events);
    return items
      .map(({ involvedObject: { kind, name }, message }) => `${kind} ${name}: ${message}`)
      .toSorted();
  };
  while ((await told()).length < 4) await sleep(5);
  const what = 'that somebody had deleted was put back as it was';
  assert.deepEqual(await told(), [
    `Node node-1: the network namespace router of the fabric ${what}`,
    `Node node-2: the network namespace router of the fabric ${what}`,
    `Node node-2: the network namespace ${what}`,
    `VirtualMachine db: the network namespace ${what}`,
  ]);
});
