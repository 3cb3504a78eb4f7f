import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClient } from '../../client/fake/client.ts';
import { controllerNames } from '../controllers.ts';
import { chooseControllers } from './choose.ts';
import type { Lease } from '../../api/lease.ts';

const heldBy = (name: string, holderIdentity: string): Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { namespace: 'kube-system', name },
  spec: { holderIdentity },
});

const clusterWith = (...objects: Lease[]): ReturnType<typeof createFakeClient> => {
  const client = createFakeClient();
  return Object.assign(client, {
    get: (_: unknown, { name }: { name: string }) =>
      Promise.resolve(objects.find(({ metadata }) => metadata.name === name)),
  });
};

test('a bare API server gets all controllers', async () => {
  assert.deepEqual(await chooseControllers(clusterWith(), undefined), controllerNames);
});

test('a cluster keeps the controllers that it has', async () => {
  const manager = heldBy('kube-controller-manager', 'cp-1');
  const scheduler = heldBy('kube-scheduler', 'cp-1');
  assert.deepEqual(await chooseControllers(clusterWith(manager), undefined), ['scheduler']);
  const others = controllerNames.filter((name) => name !== 'scheduler');
  assert.deepEqual(await chooseControllers(clusterWith(scheduler), undefined), others);
  await assert.rejects(chooseControllers(clusterWith(manager, scheduler), undefined), {
    code: 'controllers-present',
  });
  const given = heldBy('kube-scheduler', '');
  assert.deepEqual(await chooseControllers(clusterWith(given), undefined), controllerNames);
});

test('controllers that are named run, and a name there is not is refused', async () => {
  const cluster = clusterWith(heldBy('kube-controller-manager', 'cp-1'));
  assert.deepEqual(await chooseControllers(cluster, ['endpointslice']), ['endpointslice']);
  await assert.rejects(chooseControllers(cluster, ['endpointslices']), { code: 'controllers-unknown' });
});
