import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { keyOf, resources } from '../api/resources.ts';
import type { ConfigMap, Pod } from '../api/types/core.ts';
import type { Deployment } from '../api/types/apps.ts';
import { WeftError } from '../lib/errors.ts';
import type { Change, Client } from './port.ts';

const namespace = 'shop';

/** A pod that any API server takes. */
export function podNamed(name: string, labels: Record<string, string> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: { containers: [{ name: 'main', image: 'none.invalid/none' }] },
  };
}

function deploymentNamed(name: string): Deployment {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podNamed('x').spec },
    },
  };
}

const settings = (name: string, data: Record<string, string>): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});

function withCode(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof WeftError && thrown.code === code;
}

/** Waits until the condition holds; a test that waits in vain fails by its own words. */
export async function eventually(holds: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (holds()) return;
    await delay(i < 50 ? 1 : 10);
  }
  assert.fail(`waited in vain until ${what}`);
}

/** What `Client` promises. The factory gives a client of an API that has the namespace `shop` and nothing in it. */
export function clientCompliance(
  name: string,
  make: () => Promise<{ client: Client; close: () => Promise<void> }>,
): void {
  describe(`${name} as a Client`, () => {
    const check = (what: string, body: (client: Client) => Promise<void>): void => {
      it(what, async () => {
        const { client, close } = await make();
        try {
          await body(client);
        } finally {
          await client.close();
          await close();
        }
      });
    };

    check('creates, reads and lists objects with a uid and a version', async (client) => {
      const made = await client.create(resources.configmaps, settings('a', { x: '1' }));
      assert.ok(made.metadata.uid);
      assert.ok(made.metadata.resourceVersion);
      const read = await client.get(resources.configmaps, { namespace, name: 'a' });
      assert.deepEqual(read?.data, { x: '1' });
      const list = await client.list(resources.configmaps, { namespace });
      assert.ok(list.items.some((item) => item.metadata.name === 'a' && item.kind === 'ConfigMap'));
    });

    check('gives undefined for what is not there, and deletes it without complaint', async (client) => {
      assert.equal(await client.get(resources.pods, { namespace, name: 'nobody' }), undefined);
      await client.delete(resources.pods, { namespace, name: 'nobody' });
    });

    check('refuses a second object of the same name', async (client) => {
      await client.create(resources.configmaps, settings('a', {}));
      await assert.rejects(
        client.create(resources.configmaps, settings('a', {})),
        withCode('api-already-exists'),
      );
    });

    check('makes different names from generateName', async (client) => {
      const unnamed = {
        ...settings('x', {}),
        metadata: { namespace, generateName: 'job-' },
      } as unknown as ConfigMap;
      const one = await client.create(resources.configmaps, unnamed);
      const other = await client.create(resources.configmaps, unnamed);
      assert.match(one.metadata.name, /^job-.{5}$/);
      assert.notEqual(one.metadata.name, other.metadata.name);
    });

    check('refuses an update of an old version with a conflict', async (client) => {
      const first = await client.create(resources.configmaps, settings('a', { x: '1' }));
      const second = await client.update(resources.configmaps, { ...first, data: { x: '2' } });
      assert.notEqual(second.metadata.resourceVersion, first.metadata.resourceVersion);
      await assert.rejects(
        client.update(resources.configmaps, { ...first, data: { x: '3' } }),
        withCode('api-conflict'),
      );
      assert.deepEqual((await client.get(resources.configmaps, first.metadata as never))?.data, { x: '2' });
    });

    check('refuses to update or patch what is not there', async (client) => {
      await assert.rejects(
        client.update(resources.configmaps, settings('no', {})),
        withCode('api-not-found'),
      );
      const patching = client.patch(resources.configmaps, { namespace, name: 'no' }, { body: { data: {} } });
      await assert.rejects(patching, withCode('api-not-found'));
    });

    check('keeps status and the rest apart', async (client) => {
      const made = await client.create(resources.deployments, deploymentNamed('web'));
      const withStatus = await client.updateStatus(resources.deployments, {
        ...made,
        spec: { ...made.spec, replicas: 7 },
        status: { replicas: 3 },
      });
      assert.equal(withStatus.status?.replicas, 3);
      assert.equal(withStatus.spec.replicas, 1);
      assert.equal(withStatus.metadata.generation, made.metadata.generation);
      const scaled = await client.update(resources.deployments, {
        ...withStatus,
        spec: { ...withStatus.spec, replicas: 2 },
        status: { replicas: 99 },
      });
      assert.equal(scaled.status?.replicas, 3);
      assert.equal(scaled.metadata.generation, (made.metadata.generation ?? 0) + 1);
    });

    check('patches by JSON merge: null removes, objects merge', async (client) => {
      const name = { namespace, name: 'a' };
      await client.create(resources.configmaps, settings('a', { x: '1', y: '1' }));
      const patched = await client.patch(resources.configmaps, name, { body: { data: { x: null, z: '2' } } });
      assert.deepEqual(patched.data, { y: '1', z: '2' });
      await client.create(resources.deployments, deploymentNamed('a'));
      const body = { status: { replicas: 1, readyReplicas: 1 }, spec: { replicas: 5 } };
      const status = await client.patch(resources.deployments, name, { body, subresource: 'status' });
      assert.equal(status.status?.readyReplicas, 1);
      assert.equal(status.spec.replicas, 1);
    });

    check('binds a pod to a node once, and only the pod that is meant', async (client) => {
      const { uid = '' } = (await client.create(resources.pods, podNamed('a'))).metadata;
      const name = { namespace, name: 'a' };
      await assert.rejects(client.bind({ ...name, uid: `${uid}-other` }, 'node-1'), withCode('api-conflict'));
      await client.bind({ ...name, uid }, 'node-1');
      const bound = await client.get(resources.pods, name);
      assert.equal(bound?.spec.nodeName, 'node-1');
      await assert.rejects(client.bind(name, 'node-2'), withCode('api-conflict'));
      await assert.rejects(client.bind({ namespace, name: 'b' }, 'node-1'), withCode('api-not-found'));
    });

    check('lists by label selector', async (client) => {
      await client.create(resources.pods, podNamed('one', { app: 'web', tier: 'front' }));
      await client.create(resources.pods, podNamed('two', { app: 'web' }));
      const names = async (labelSelector: string): Promise<string[]> =>
        (await client.list(resources.pods, { namespace, labelSelector })).items
          .map((pod) => pod.metadata.name)
          .toSorted();
      assert.deepEqual(await names('app=web'), ['one', 'two']);
      assert.deepEqual(await names('app=web,tier!=front'), ['two']);
    });

    check('keeps an object with finalizers until the last is removed', async (client) => {
      const held = settings('held', {});
      await client.create(resources.configmaps, {
        ...held,
        metadata: { ...held.metadata, finalizers: ['weft.dev/test'] },
      });
      const name = { namespace, name: 'held' };
      await client.delete(resources.configmaps, name);
      assert.ok((await client.get(resources.configmaps, name))?.metadata.deletionTimestamp);
      await client.patch(resources.configmaps, name, { body: { metadata: { finalizers: null } } });
      assert.equal(await client.get(resources.configmaps, name), undefined);
    });

    check('deletes only the very object that is meant', async (client) => {
      const name = { namespace, name: 'a' };
      const first = await client.create(resources.configmaps, settings('a', {}));
      await client.delete(resources.configmaps, name, { uid: first.metadata.uid ?? '' });
      await client.create(resources.configmaps, settings('a', {}));
      const again = client.delete(resources.configmaps, name, { uid: first.metadata.uid ?? '' });
      await assert.rejects(again, withCode('api-conflict'));
      assert.ok(await client.get(resources.configmaps, name));
    });

    check('binds a pod to a node once, and only the very pod that is meant', async (client) => {
      const name = { namespace, name: 'one' };
      const { uid = '' } = (await client.create(resources.pods, podNamed('one'))).metadata;
      const other = '11111111-1111-4111-8111-111111111111';
      await assert.rejects(client.bind({ ...name, uid: other }, 'node-1'), withCode('api-conflict'));
      await client.bind({ ...name, uid }, 'node-1');
      assert.equal((await client.get(resources.pods, name))?.spec.nodeName, 'node-1');
      await assert.rejects(client.bind({ ...name, uid }, 'node-2'), withCode('api-conflict'));
      await client.delete(resources.pods, name, { graceSeconds: 0 });
      assert.equal(await client.get(resources.pods, name), undefined);
    });

    check('applies fields of its own: those left out go, those of others stay', async (client) => {
      const name = { namespace, name: 'a' };
      const data = async (): Promise<unknown> => (await client.get(resources.configmaps, name))?.data;
      await client.apply(resources.configmaps, settings('a', { x: '1', y: '1' }));
      assert.deepEqual(await data(), { x: '1', y: '1' });
      await client.patch(resources.configmaps, name, { body: { data: { theirs: '1' } } });
      await client.apply(resources.configmaps, settings('a', { x: '2' }), { force: true });
      assert.deepEqual(await data(), { x: '2', theirs: '1' });
    });

    check('lets an emptied namespace go', async (client) => {
      const name = { name: 'passing' };
      await client.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: name });
      await client.delete(resources.namespaces, name);
      assert.ok((await client.get(resources.namespaces, name))?.metadata.deletionTimestamp);
      await client.finalizeNamespace('passing');
      assert.equal(await client.get(resources.namespaces, name), undefined);
    });

    check('requests tokens of a service account, each with its end', async (client) => {
      const account = { namespace, name: 'robot' };
      await assert.rejects(client.requestToken(account, { seconds: 600 }), withCode('api-not-found'));
      await client.create(resources.serviceaccounts, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: account,
      });
      const [one, other] = [
        await client.requestToken(account, { seconds: 600 }),
        await client.requestToken(account, { seconds: 3600 }),
      ];
      assert.notEqual(one.token, other.token);
      assert.ok(Date.parse(one.expires) < Date.parse(other.expires), `${one.expires} ${other.expires}`);
      await client.delete(resources.serviceaccounts, account);
    });

    check('renews a cache on demand, and tells nothing twice', async (client) => {
      await client.create(resources.configmaps, settings('before', {}));
      const informer = client.informer(resources.configmaps);
      const told: string[] = [];
      informer.onChange(({ key }) => {
        if (/\/(before|after)$/.test(key)) told.push(key);
      });
      await informer.synced;
      informer.renew();
      await client.create(resources.configmaps, settings('after', {}));
      await eventually(() => told.length >= 2, 'the new object was told');
      assert.deepEqual(told, [`${namespace}/before`, `${namespace}/after`]);
    });

    check('tells an informer everything that happens, once and in order', async (client) => {
      await client.create(resources.configmaps, settings('before', { n: '0' }));
      const informer = client.informer(resources.configmaps);
      const told: string[] = [];
      informer.onChange((change) => {
        if (!/\/(before|after)$/.test(change.key)) return;
        assert.equal(informer.get(change.key), change.current, 'the cache holds it before it is told');
        told.push(describeChange(change));
      });
      await informer.synced;
      const made = await client.create(resources.configmaps, settings('after', { n: '1' }));
      const updated = await client.update(resources.configmaps, { ...made, data: { n: '2' } });
      await client.delete(resources.configmaps, { namespace, name: 'after' });
      await eventually(() => told.length >= 4, 'four changes were told');
      assert.deepEqual(told, [
        `${namespace}/before: - -> 0`,
        `${namespace}/after: - -> 1`,
        `${namespace}/after: 1 -> 2`,
        `${namespace}/after: 2 -> -`,
      ]);
      assert.ok(Number(informer.resourceVersion) > Number(updated.metadata.resourceVersion));
      assert.equal(client.informer(resources.configmaps), informer);
    });

    check('tells a late listener what is cached, and nothing once it ended', async (client) => {
      await client.create(resources.pods, podNamed('one'));
      const informer = client.informer(resources.pods);
      await informer.synced;
      const told: string[] = [];
      const end = informer.onChange((change) => told.push(`${change.key} ${change.previous === undefined}`));
      assert.deepEqual(told, [`${namespace}/one true`]);
      assert.deepEqual([...informer.values()].map(keyOf), [`${namespace}/one`]);
      end();
      await client.create(resources.pods, podNamed('two'));
      await eventually(
        () => informer.get(`${namespace}/two`) !== undefined,
        'the informer saw the second pod',
      );
      assert.equal(told.length, 1);
    });
  });
}

function describeChange({ key, previous, current }: Change<ConfigMap>): string {
  return `${key}: ${previous?.data?.['n'] ?? '-'} -> ${current?.data?.['n'] ?? '-'}`;
}
