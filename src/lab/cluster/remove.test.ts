import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resources } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { createFakeClient } from '../../client/fake/client.ts';
import { marked } from '../../client/marked-client.ts';
import type { Client } from '../../client/port.ts';
import { createFakeClock } from '../../lib/fake-clock.ts';
import { labMark } from './belongings.ts';
import { networkDefinition } from './network-definition.ts';
import { removeLab, type Removal } from './remove.ts';

const mark = labMark('lab@here');
const clock = createFakeClock();

function configMap(name: string, namespace = 'default', finalizers?: string[]): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, ...(finalizers && { finalizers }) },
  };
}

const namespace = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});

const network = (name: string): KubernetesObject => ({
  apiVersion: 'weft.dev/v1alpha1',
  kind: 'ClusterNetwork',
  metadata: { name },
});

const ours = (object: KubernetesObject): KubernetesObject => marked(object, mark);

async function removedFrom(client: Client): Promise<Removal> {
  const state = { isDone: false };
  const removing = removeLab(client, mark, clock).finally(() => (state.isDone = true));
  while (!state.isDone) {
    await clock.advance(100);
    await new Promise(setImmediate);
  }
  return removing;
}

test("a lab's objects go, and its namespaces with all that is in them", async () => {
  const objects = [
    ours(namespace('shop')),
    configMap('by-hand', 'shop'),
    ours(configMap('own')),
    configMap('theirs'),
    namespace('default'),
  ];
  const client = createFakeClient({ objects });
  assert.deepEqual(await removedFrom(client), { removed: 3, left: [] });
  const names = async (
    resource: typeof resources.namespaces | typeof resources.configmaps,
  ): Promise<string[]> =>
    (await client.list<KubernetesObject>(resource)).items.map(({ metadata }) => metadata.name);
  assert.deepEqual(await names(resources.namespaces), ['default']);
  assert.deepEqual(await names(resources.configmaps), ['theirs']);
  assert.deepEqual(await removedFrom(client), { removed: 0, left: [] });
});

test('what somebody holds is left, with who holds it', async () => {
  const client = createFakeClient({ objects: [ours(configMap('held', 'default', ['example.org/keep']))] });
  assert.deepEqual(await removedFrom(client), {
    removed: 0,
    left: [{ what: 'ConfigMap default/held', why: 'it waits for example.org/keep' }],
  });
});

test('a definition of which others have objects stays, and goes with those that are ours alone', async () => {
  const established = { ...ours(networkDefinition()), status: { conditions: [] } };
  const shared = createFakeClient({
    objects: [established, ours(network('default')), network('theirs')],
  });
  assert.deepEqual(await removedFrom(shared), {
    removed: 1,
    left: [
      {
        what: 'CustomResourceDefinition clusternetworks.weft.dev',
        why: 'ClusterNetwork theirs is of it',
      },
    ],
  });
  const alone = createFakeClient({ objects: [established, ours(network('default'))] });
  assert.deepEqual(await removedFrom(alone), { removed: 2, left: [] });
});
