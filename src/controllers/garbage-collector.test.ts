import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import test, { type TestContext } from 'node:test';
import { resources, type Resource } from '../api/resources.ts';
import { servedResources } from '../api/served.ts';
import type { KubernetesObject, OwnerReference } from '../api/types/meta.ts';
import { startLocalServer } from '../apiserver/testing/local-server.ts';
import { widgetDefinition } from '../apiserver/testing/widgets.ts';
import { eventually } from '../client/client.compliance.ts';
import { createClient } from '../client/http/client.ts';
import type { Client } from '../client/port.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { defaultNetworkConfig } from '../model/network/config.ts';
import { createControllers, type Controllers } from './controllers.ts';

const count = 20;

interface World {
  readonly client: Client;
  readonly controllers: Controllers;
  /** Deletes a secret of the namespace `default`. */
  readonly remove: (name: string, policy: string) => Promise<void>;
}

/** A real API server and the controllers; `unserved` is a resource that this server lacks. */
async function worldIn(t: TestContext, unserved?: Resource): Promise<World> {
  const server = await startLocalServer();
  t.after(() => server.close());
  const client = createClient({ ...server.access, clock: systemClock, log: silentLog });
  t.after(() => client.close());
  const seen: Client = {
    ...client,
    informer: (resource) =>
      client.informer(resource === unserved ? { ...resource, plural: 'unserved' } : resource),
  };
  const controllers = createControllers({
    client: seen,
    clock: systemClock,
    log: silentLog,
    config: defaultNetworkConfig,
  });
  await controllers.start();
  t.after(() => controllers.stop());
  const session = connect(server.access.server, { ca: server.access.ca });
  t.after(() => session.destroy());
  return {
    client,
    controllers,
    async remove(name, policy) {
      const path = `/api/v1/namespaces/default/secrets/${name}?propagationPolicy=${policy}`;
      const authorization = `Bearer ${server.access.token}`;
      const stream = session.request({ ':path': path, ':method': 'DELETE', authorization });
      stream.resume().end();
      await once(stream, 'close');
    },
  };
}

const secret = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'default' },
});

const mapOf = (name: string, ownerReferences: OwnerReference[]): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', ownerReferences },
});

const ownerOf = (name: string, uid = ''): OwnerReference => ({ apiVersion: 'v1', kind: 'Secret', name, uid });

test('what a deletion orphans stays, whichever watch is the first to tell', async (t) => {
  const { client, controllers, remove } = await worldIn(t);
  const names = Array.from({ length: count }, (_, i) => `pair-${i}`);
  for (const name of names) {
    const { metadata } = await client.create(resources.secrets, secret(name));
    await client.create(resources.configmaps, mapOf(name, [ownerOf(name, metadata.uid)]));
  }
  const maps = client.informer(resources.configmaps);
  await eventually(() => maps.size === count, 'all are there');
  const [last = '', ...others] = names;
  for (const name of others) await remove(name, 'Orphan');
  await remove(last, 'Background');
  await eventually(() => maps.get(`default/${last}`) === undefined, 'the one that is not orphaned goes');
  await controllers.idle();
  assert.equal((await client.list(resources.configmaps)).items.length, count - 1);
});

const leases = servedResources.find(({ plural }) => plural === 'leases');

test('an owner waits for what blocks it, and not for a kind that the server lacks', async (t) => {
  const { client, remove } = await worldIn(t, leases);
  const { metadata } = await client.create(resources.secrets, secret('owner'));
  const owner = ownerOf('owner', metadata.uid);
  const held = (name: string, blockOwnerDeletion: boolean): KubernetesObject => {
    const map = mapOf(name, [{ ...owner, blockOwnerDeletion }]);
    return { ...map, metadata: { ...map.metadata, finalizers: ['example.com/wait'] } };
  };
  await client.create(resources.configmaps, held('blocks', true));
  await client.create(resources.configmaps, held('blocks-not', false));
  const maps = client.informer(resources.configmaps);
  const secrets = client.informer(resources.secrets);
  await eventually(() => maps.size === 2 && secrets.size === 1, 'all are there');
  await remove('owner', 'Foreground');
  const isDying = (name: string): boolean =>
    maps.get(`default/${name}`)?.metadata.deletionTimestamp !== undefined;
  await eventually(() => isDying('blocks') && isDying('blocks-not'), 'dependents are deleted');
  assert.deepEqual(secrets.get('default/owner')?.metadata.finalizers, ['foregroundDeletion']);
  const name = { namespace: 'default', name: 'blocks' };
  await client.patch(resources.configmaps, name, { body: { metadata: { finalizers: null } } });
  await eventually(() => secrets.size === 0, 'the owner goes with the last that blocks it');
  assert.ok(maps.get('default/blocks-not') !== undefined, 'the other one still has its finalizer');
});

test('owners that are gone are forgotten, but not beside one of a kind that is not known', async (t) => {
  const { client } = await worldIn(t);
  const { metadata } = await client.create(resources.secrets, secret('owner'));
  const there = ownerOf('owner', metadata.uid);
  const gone = ownerOf('gone', 'b6f0d2d3-0000-4000-8000-000000000000');
  const renewed = ownerOf('owner', 'b6f0d2d3-0000-4000-8000-000000000001');
  const unknown = { ...ownerOf('x', 'b6f0d2d3-0000-4000-8000-000000000002'), kind: 'Gadget' };
  const owners: Record<string, OwnerReference[]> = {
    kept: [there],
    both: [gone, there],
    unknown: [unknown, gone],
    'made-anew': [renewed],
    absent: [gone],
  };
  for (const [name, references] of Object.entries(owners)) {
    await client.create(resources.configmaps, mapOf(name, references));
  }
  const maps = client.informer(resources.configmaps);
  const left = (): string =>
    [...maps.values()]
      .map(({ metadata: { name, ownerReferences = [] } }) => `${name} ${ownerReferences.length}`)
      .sort()
      .join();
  await eventually(() => left() === 'both 1,kept 1,unknown 2', 'what has no owner is gone');
});

test('custom resources own and are owned, in whatever version the reference is', async (t) => {
  const { client } = await worldIn(t);
  const version = (name: string, storage: boolean): object => ({
    name,
    storage,
    served: true,
    schema: { openAPIV3Schema: { type: 'object' } },
  });
  const spec = { versions: [version('v1', true), version('v2', false)] };
  const definition = widgetDefinition({ type: 'object' }, { spec }) as KubernetesObject;
  await client.create(resources.customresourcedefinitions, definition);
  const widgets = {
    ...resources.secrets,
    group: 'example.com',
    version: 'v1',
    plural: 'widgets',
    kind: 'Widget',
  };
  const object = (name: string, owners?: OwnerReference[]): KubernetesObject => ({
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name, namespace: 'default', ...(owners && { ownerReferences: owners }) },
  });
  const owner = await client.create(widgets, object('owner'));
  const reference = {
    apiVersion: 'example.com/v2',
    kind: 'Widget',
    name: 'owner',
    uid: owner.metadata.uid ?? '',
  };
  await client.create(widgets, object('dependent', [reference]));
  const owned = secret('owned');
  await client.create(resources.secrets, {
    ...owned,
    metadata: { ...owned.metadata, ownerReferences: [reference] },
  });
  await client.delete(widgets, { namespace: 'default', name: 'owner' });
  const widgetsSeen = client.informer(widgets);
  const secretsSeen = client.informer(resources.secrets);
  await Promise.all([widgetsSeen.synced, secretsSeen.synced]);
  const isGone = (): boolean =>
    widgetsSeen.get('default/dependent') === undefined && secretsSeen.get('default/owned') === undefined;
  await eventually(isGone, 'both dependents are gone');
  assert.equal(await client.get(widgets, { namespace: 'default', name: 'dependent' }), undefined);
});
