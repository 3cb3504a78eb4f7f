import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { servedResources } from '../api/served.ts';
import { resources } from '../api/resources.ts';
import type { DaemonSet, Job, StatefulSet } from '../api/types/apps.ts';
import type { Pod } from '../api/types/core.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import { eventually } from '../client/client.compliance.ts';
import type { Client } from '../client/port.ts';
import { deploymentNamed, inCluster, markReady, nodeNamed, runAgents } from './scenario.ts';

const twoNodes = [nodeNamed('node-1', { labels: { disk: 'fast' } }), nodeNamed('node-2')];
const { template } = deploymentNamed('db', 1).spec;

const podsOf = (client: Client): Pod[] => [...client.informer(resources.pods).values()];
const names = (client: Client): string[] =>
  podsOf(client)
    .map(({ metadata }) => metadata.name)
    .toSorted();
const isReady = (pod: Pod): boolean => pod.status?.conditions?.[0]?.status === 'True';
const imageOf = (pod: Pod): string | undefined => pod.spec.containers[0]?.image;

function statefulSet(replicas: number, spec: Partial<StatefulSet['spec']> = {}): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'shop' },
    spec: { replicas, serviceName: 'db', selector: {}, template, ...spec },
  };
}

describe('a StatefulSet', () => {
  it('comes up in order, each when the one before is ready', () =>
    inCluster({ objects: twoNodes }, async ({ client, controllers }) => {
      await client.create(resources.statefulsets, statefulSet(2));
      await eventually(() => podsOf(client)[0]?.spec.nodeName !== undefined, 'the first is bound');
      await controllers.idle();
      assert.deepEqual(names(client), ['db-0']);
      await markReady(client, podsOf(client)[0] ?? assert.fail(), '10.244.0.2');
      await eventually(() => podsOf(client).length === 2, 'the second comes');
      assert.deepEqual(names(client), ['db-0', 'db-1']);
    }));

  it('comes up at once with Parallel, and goes down from the top', () =>
    inCluster({ objects: twoNodes }, async ({ client }) => {
      await client.create(resources.statefulsets, statefulSet(3, { podManagementPolicy: 'Parallel' }));
      await eventually(() => podsOf(client).length === 3, 'all come');
      await client.patch(
        resources.statefulsets,
        { namespace: 'shop', name: 'db' },
        { body: { spec: { replicas: 1 } } },
      );
      await eventually(() => podsOf(client).length === 1, 'two go');
      assert.deepEqual(names(client), ['db-0']);
    }));

  it('is made anew from the highest ordinal down, and says when it is complete', () =>
    inCluster({ objects: twoNodes }, async ({ client }) => {
      const stop = runAgents(client);
      await client.create(resources.statefulsets, statefulSet(3));
      await eventually(() => podsOf(client).filter(isReady).length === 3, 'it runs');
      const deleted: string[] = [];
      client.informer(resources.pods).onChange(({ key, current }) => {
        if (current === undefined) deleted.push(key);
      });
      const { template } = deploymentNamed('db', 1, 'v2').spec;
      await client.patch(
        resources.statefulsets,
        { namespace: 'shop', name: 'db' },
        { body: { spec: { template } } },
      );
      const isNew = (): boolean =>
        podsOf(client).filter((pod) => isReady(pod) && imageOf(pod) === 'v2').length === 3;
      await eventually(isNew, 'all are new');
      assert.deepEqual(deleted, ['shop/db-2', 'shop/db-1', 'shop/db-0']);
      const status = (): StatefulSet['status'] =>
        client.informer(resources.statefulsets).get('shop/db')?.status;
      await eventually(
        () => status()?.updatedReplicas === 3 && status()?.readyReplicas === 3,
        'its status says so',
      );
      assert.equal(status()?.currentRevision, status()?.updateRevision);
      stop();
    }));

  it('gets a pod back under its own name', () =>
    inCluster({ objects: twoNodes }, async ({ client }) => {
      const stop = runAgents(client);
      await client.create(resources.statefulsets, statefulSet(2));
      await eventually(() => podsOf(client).filter(isReady).length === 2, 'it runs');
      const before = client.informer(resources.pods).get('shop/db-0')?.metadata.uid;
      await client.delete(resources.pods, { namespace: 'shop', name: 'db-0' });
      const now = (): string | undefined => client.informer(resources.pods).get('shop/db-0')?.metadata.uid;
      await eventually(() => now() !== undefined && now() !== before, 'another db-0 is there');
      stop();
    }));
});

describe('a DaemonSet', () => {
  const daemonSet = (image: string): DaemonSet => {
    const { template } = deploymentNamed('agent', 1, image).spec;
    return {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'agent', namespace: 'shop' },
      spec: {
        selector: {},
        template: { ...template, spec: { ...template.spec, nodeSelector: { disk: 'fast' } } },
      },
    };
  };

  it('follows the nodes and their labels', () =>
    inCluster({ objects: twoNodes }, async ({ client }) => {
      await client.create(resources.daemonsets, daemonSet('v1'));
      const nodes = (): string =>
        podsOf(client)
          .map(({ spec }) => spec.nodeName ?? '')
          .toSorted()
          .join();
      await eventually(() => nodes() === 'node-1', 'one node matches');
      await client.create(resources.nodes, nodeNamed('node-3', { labels: { disk: 'fast' } }));
      await eventually(() => nodes() === 'node-1,node-3', 'a new node has its pod');
      await client.patch(
        resources.nodes,
        { name: 'node-1' },
        { body: { metadata: { labels: { disk: null } } } },
      );
      await eventually(() => nodes() === 'node-3', 'the node that matches no more loses it');
      const status = (): DaemonSet['status'] =>
        client.informer(resources.daemonsets).get('shop/agent')?.status;
      await eventually(
        () => status()?.desiredNumberScheduled === 1 && status()?.currentNumberScheduled === 1,
        'its status says so',
      );
    }));

  it('is made anew one node at a time', () =>
    inCluster(
      { objects: [...twoNodes, nodeNamed('node-3', { labels: { disk: 'fast' } })] },
      async ({ client }) => {
        const stop = runAgents(client);
        await client.create(resources.daemonsets, daemonSet('v1'));
        await eventually(() => podsOf(client).filter(isReady).length === 2, 'it runs');
        let fewest = 2;
        client.informer(resources.pods).onChange(() => {
          fewest = Math.min(fewest, podsOf(client).filter(isReady).length);
        });
        await client.patch(
          resources.daemonsets,
          { namespace: 'shop', name: 'agent' },
          { body: { spec: daemonSet('v2').spec } },
        );
        const isNew = (): boolean =>
          podsOf(client).filter((pod) => isReady(pod) && imageOf(pod) === 'v2').length === 2;
        await eventually(isNew, 'both are new');
        assert.equal(fewest, 1);
        stop();
      },
    ));
});

describe('a Job', () => {
  it('runs as many pods as it may, and is complete when enough have succeeded', () =>
    inCluster({ objects: twoNodes }, async ({ client }) => {
      const job: Job = {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'once', namespace: 'shop' },
        spec: { parallelism: 2, completions: 3, template },
      };
      await client.create(resources.jobs, job);
      await eventually(() => podsOf(client).length === 2, 'two run');
      const succeed = async (pod: Pod): Promise<void> => {
        const { name } = pod.metadata;
        const body = { status: { phase: 'Succeeded' } };
        await client.patch(resources.pods, { namespace: 'shop', name }, { body, subresource: 'status' });
      };
      const first = podsOf(client);
      await Promise.all(first.map(succeed));
      await eventually(() => podsOf(client).length === 3, 'the last one runs');
      const [last] = podsOf(client).filter((pod) => pod.status?.phase !== 'Succeeded');
      await succeed(last ?? assert.fail());
      const status = (): Job['status'] => client.informer(resources.jobs).get('shop/once')?.status;
      await eventually(() => status()?.succeeded === 3, 'all have succeeded');
      assert.equal(status()?.active, 0);
      const ends = status()?.conditions?.map(({ type }) => type);
      assert.deepEqual(
        ends,
        ['SuccessCriteriaMet', 'Complete'],
        'a real API server takes one only with the other',
      );
      assert.ok(status()?.completionTime);
    }));
});

describe('a namespace', () => {
  it('has a ServiceAccount, and the default ones are there', () =>
    inCluster({}, async ({ client }) => {
      const accounts = client.informer(resources.serviceaccounts);
      const all = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
      await eventually(
        () => all.every((name) => accounts.get(`${name}/default`) !== undefined),
        'each has its account',
      );
      await client.delete(resources.serviceaccounts, { namespace: 'default', name: 'default' });
      await eventually(() => accounts.get('default/default') === undefined, 'it was deleted');
      await eventually(() => accounts.get('default/default') !== undefined, 'it came back');
    }));

  it('that is deleted goes when its contents are gone, also those that wait for somebody', () =>
    inCluster({ objects: twoNodes }, async ({ client }) => {
      await client.create(resources.namespaces, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'shop' },
      });
      await client.create(resources.deployments, deploymentNamed('web', 2));
      const metadata = { name: 'held', namespace: 'shop', finalizers: ['weft.dev/test'] };
      await client.create(resources.configmaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
      await eventually(() => podsOf(client).length === 2, 'it has contents');
      await client.delete(resources.namespaces, { name: 'shop' });
      const maps = client.informer(resources.configmaps);
      await eventually(
        () => maps.get('shop/held')?.metadata.deletionTimestamp !== undefined,
        'the last is being deleted',
      );
      assert.ok(await client.get(resources.namespaces, { name: 'shop' }));
      await client.patch(resources.configmaps, metadata, { body: { metadata: { finalizers: null } } });
      const namespaces = client.informer(resources.namespaces);
      await eventually(
        () => namespaces.get('shop') === undefined && namespaces.size > 0,
        'the namespace is gone',
      );
    }));
});

describe('the garbage collector', () => {
  const owned = (
    name: string,
    owners: readonly { name: string; uid: string }[],
  ): Parameters<Client['create']>[1] => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace: 'shop',
      ownerReferences: owners.map((owner) => ({ apiVersion: 'v1', kind: 'Secret', ...owner })),
    },
  });
  const secret = (name: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'shop' },
  });

  it('deletes what has no owner left, through all generations, and nothing else', () =>
    inCluster({}, async ({ client }) => {
      const [one, two] = [
        await client.create(resources.secrets, secret('one')),
        await client.create(resources.secrets, secret('two')),
      ];
      const [a, b] = [one, two].map(({ metadata: { name, uid = '' } }) => ({ name, uid }));
      assert.ok(a && b);
      await client.create(resources.configmaps, owned('of-one', [a]));
      await client.create(resources.configmaps, owned('of-both', [a, b]));
      await client.create(resources.configmaps, owned('of-nobody', []));
      await client.create(
        resources.configmaps,
        owned('of-a-stranger', [{ name: 'one', uid: 'another uid' }]),
      );
      const maps = client.informer(resources.configmaps);
      await eventually(() => maps.size === 3, 'the one whose owner never was is gone');
      await client.delete(resources.secrets, { namespace: 'shop', name: 'one' });
      await eventually(() => maps.size === 2, 'the dependent is gone');
      assert.deepEqual([...maps.values()].map(({ metadata }) => metadata.name).toSorted(), [
        'of-both',
        'of-nobody',
      ]);
      await client.delete(resources.secrets, { namespace: 'shop', name: 'two' });
      await eventually(() => maps.size === 1, 'with its last owner the other goes too');
    }));

  const dependent = (
    name: string,
    owner: KubernetesObject,
    metadata: Partial<KubernetesObject['metadata']> = {},
  ): KubernetesObject => ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: {
      name,
      namespace: 'shop',
      ownerReferences: [
        {
          apiVersion: owner.apiVersion,
          kind: owner.kind,
          name: owner.metadata.name,
          uid: owner.metadata.uid ?? '',
          blockOwnerDeletion: true,
        },
      ],
      ...metadata,
    },
  });

  it('keeps an owner in foreground deletion until all that blocks it is gone, of any kind', () =>
    inCluster({}, async ({ client }) => {
      const finalizers = ['foregroundDeletion'];
      const top = await client.create(resources.secrets, {
        ...secret('top'),
        metadata: { ...secret('top').metadata, finalizers },
      });
      const budgets = servedResources.find(({ kind }) => kind === 'PodDisruptionBudget');
      assert.ok(budgets);
      const middle = await client.create(budgets, dependent('middle', top));
      const last = dependent('last', middle, { finalizers: ['weft.dev/test'] });
      await client.create(budgets, last);
      const cached = client.informer(budgets);
      await client.delete(resources.secrets, top.metadata);
      await eventually(
        () => cached.get('shop/last')?.metadata.deletionTimestamp !== undefined,
        'the last is being deleted',
      );
      assert.ok(await client.get(resources.secrets, top.metadata), 'the first waits for the last');
      assert.ok(await client.get(budgets, middle.metadata));
      await client.patch(budgets, last.metadata, { body: { metadata: { finalizers: null } } });
      await eventually(() => cached.size === 0, 'the dependents are gone');
      const secrets = client.informer(resources.secrets);
      await eventually(() => secrets.get('shop/top') === undefined, 'and then their owner');
    }));

  it('forgets an owner that is gone where another stays', () =>
    inCluster({}, async ({ client }) => {
      const one = await client.create(resources.secrets, secret('one'));
      const two = await client.create(resources.secrets, secret('two'));
      const owners = [one, two].map(({ metadata: { name, uid = '' } }) => ({ name, uid }));
      await client.create(resources.configmaps, owned('of-both', owners));
      await client.delete(resources.secrets, one.metadata);
      const maps = client.informer(resources.configmaps);
      await eventually(
        () => maps.get('shop/of-both')?.metadata.ownerReferences?.length === 1,
        'one owner is left',
      );
    }));
});
