import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { resources } from '../../../src/api/resources.ts';
import type { DaemonSet, Deployment, Job, StatefulSet } from '../../../src/api/types/apps.ts';
import type { Pod, Service } from '../../../src/api/types/core.ts';
import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import { createClient, type HttpClient } from '../../../src/client/http/client.ts';
import { createControllers, type Controllers } from '../../../src/controllers/controllers.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { defaultNetworkConfig } from '../../../src/model/network/config.ts';
import type { TestServer } from '../../support/kube-server.ts';
import { playNodes, readyNode } from './stand-ins.ts';
import { until } from './until.ts';

const containers = [
  { name: 'main', image: 'none.invalid/none', ports: [{ name: 'http', containerPort: 8080 }] },
];

const templateOf = (app: string, image = 'v1'): Deployment['spec']['template'] => ({
  metadata: { labels: { app } },
  spec: { containers: containers.map((container) => ({ ...container, image: `none.invalid/${image}` })) },
});

const deployment = (namespace: string, name: string, replicas: number, image = 'v1'): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: templateOf(name, image) },
});

const service = (namespace: string, name: string): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 'http' }] },
});

/** What the controllers do on a server, which has no others. Every story has a namespace of its own. */
export function controllersOn(server: () => TestServer): void {
  describe('controllers', () => {
    let client: HttpClient;
    let controllers: Controllers;
    let stopNodes: () => void;

    const startControllers = async (): Promise<HttpClient> => {
      const own = createClient({ ...server().access, clock: systemClock, log: silentLog });
      controllers = createControllers({
        client: own,
        clock: systemClock,
        log: silentLog,
        config: defaultNetworkConfig,
      });
      await controllers.start();
      return own;
    };
    let controllersClient: HttpClient;

    before(async () => {
      client = createClient({ ...server().access, clock: systemClock, log: silentLog });
      for (const name of ['node-1', 'node-2']) await client.create(resources.nodes, readyNode(name));
      stopNodes = playNodes(client);
      controllersClient = await startControllers();
    });

    after(async () => {
      stopNodes();
      await controllers.stop();
      await controllersClient.close();
      await client.close();
    });

    /** A namespace whose ServiceAccount is there: without it real servers take no pods. */
    const namespaceFor = async (name: string): Promise<string> => {
      await client.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      await until(`${name} has its ServiceAccount`, () =>
        client.get(resources.serviceaccounts, { namespace: name, name: 'default' }),
      );
      return name;
    };

    const running = async (namespace: string, labelSelector: string): Promise<Pod[]> => {
      const { items } = await client.list(resources.pods, { namespace, labelSelector });
      return items.filter(
        ({ status, metadata }) => status?.podIP && metadata.deletionTimestamp === undefined,
      );
    };

    const untilRunning = (namespace: string, app: string, count: number): Promise<Pod[]> =>
      until(`${count} pods of ${app} run`, async () => {
        const pods = await running(namespace, `app=${app}`);
        return pods.length === count && pods;
      });

    const addressesOf = async (namespace: string, name: string): Promise<string[]> => {
      const labelSelector = `kubernetes.io/service-name=${name}`;
      const { items } = await client.list(resources.endpointslices, { namespace, labelSelector });
      return items
        .flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses))
        .toSorted();
    };

    const untilServed = (namespace: string, app: string): Promise<unknown> =>
      until(`the endpoints of ${app} are its pods`, async () => {
        const pods = await running(namespace, `app=${app}`);
        const wanted = pods.map(({ status }) => status?.podIP ?? '').toSorted();
        const endpoints = await client.get(resources.endpoints, { namespace, name: app });
        const mirrored = (endpoints?.subsets ?? []).flatMap(({ addresses }) =>
          (addresses ?? []).map(({ ip }) => ip),
        );
        return (
          String(await addressesOf(namespace, app)) === String(wanted) &&
          String(mirrored.toSorted()) === String(wanted)
        );
      });

    it('turn a Deployment into pods on nodes and its Service into endpoints', async () => {
      const namespace = await namespaceFor('deploys');
      await client.create(resources.services, service(namespace, 'web'));
      await client.create(resources.deployments, deployment(namespace, 'web', 4));
      const pods = await untilRunning(namespace, 'web', 4);
      assert.deepEqual(new Set(pods.map(({ spec }) => spec.nodeName)), new Set(['node-1', 'node-2']));
      await untilServed(namespace, 'web');
      await until('the status says so', async () => {
        const { status } = (await client.get(resources.deployments, { namespace, name: 'web' })) ?? {};
        return status?.readyReplicas === 4 && status.availableReplicas === 4;
      });
    });

    it('scale and roll out', async () => {
      const namespace = await namespaceFor('rolls');
      const name = { namespace, name: 'web' };
      await client.create(resources.services, service(namespace, 'web'));
      await client.create(resources.deployments, deployment(namespace, 'web', 3));
      await untilRunning(namespace, 'web', 3);
      await client.patch(resources.deployments, name, {
        subresource: 'scale',
        body: { spec: { replicas: 5 } },
      });
      await untilRunning(namespace, 'web', 5);
      await client.patch(resources.deployments, name, { body: { spec: { replicas: 2 } } });
      await untilRunning(namespace, 'web', 2);
      await client.patch(resources.deployments, name, {
        body: { spec: { template: templateOf('web', 'v2') } },
      });
      await until('all pods are of the new template', async () => {
        const { items } = await client.list(resources.pods, { namespace });
        return items.length === 2 && items.every(({ spec }) => spec.containers[0]?.image?.endsWith('v2'));
      });
      await untilServed(namespace, 'web');
    });

    it('number the pods of a StatefulSet, put a DaemonSet on every node and run a Job to its end', async () => {
      const namespace = await namespaceFor('kinds');
      const spec = (app: string): { selector: { matchLabels: { app: string } }; template: never } => ({
        selector: { matchLabels: { app } },
        template: templateOf(app) as never,
      });
      const metadata = (name: string): { name: string; namespace: string } => ({ name, namespace });
      const set: StatefulSet = {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: metadata('db'),
        spec: { ...spec('db'), serviceName: 'db', replicas: 2 },
      };
      const daemons: DaemonSet = {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: metadata('log'),
        spec: spec('log'),
      };
      const pod = { ...templateOf('once').spec, restartPolicy: 'Never' };
      const job = {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: metadata('once'),
        spec: { completions: 2, template: { metadata: { labels: { app: 'once' } }, spec: pod } },
      } as unknown as Job;
      await client.create(resources.statefulsets, set);
      await client.create(resources.daemonsets, daemons);
      await client.create(resources.jobs, job);
      const pods = await untilRunning(namespace, 'db', 2);
      assert.deepEqual(pods.map(({ metadata: { name } }) => name).toSorted(), ['db-0', 'db-1']);
      const onNodes = await untilRunning(namespace, 'log', 2);
      assert.deepEqual(onNodes.map(({ spec }) => spec.nodeName ?? '').toSorted(), ['node-1', 'node-2']);
      await until('the Job is complete', async () => {
        const { status } = (await client.get(resources.jobs, { namespace, name: 'once' })) ?? {};
        return status?.succeeded === 2 && status.conditions?.some(({ type }) => type === 'Complete');
      });
    });

    it('collect what belonged to something that is gone', async () => {
      const namespace = await namespaceFor('collects');
      await client.create(resources.services, service(namespace, 'web'));
      await client.create(resources.deployments, deployment(namespace, 'web', 2));
      await untilRunning(namespace, 'web', 2);
      await untilServed(namespace, 'web');
      await client.delete(resources.deployments, { namespace, name: 'web' });
      await client.delete(resources.services, { namespace, name: 'web' });
      for (const resource of [
        resources.replicasets,
        resources.pods,
        resources.endpointslices,
        resources.endpoints,
      ]) {
        await until(`no ${resource.plural} are left`, async () => {
          const { items } = await client.list<KubernetesObject>(resource, { namespace });
          return items.length === 0;
        });
      }
    });

    it('empty a namespace that is being deleted, and let it go', async () => {
      const namespace = await namespaceFor('passing');
      await client.create(resources.deployments, deployment(namespace, 'web', 2));
      await client.create(resources.configmaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'settings', namespace },
      });
      await untilRunning(namespace, 'web', 2);
      await client.delete(resources.namespaces, { name: namespace });
      await until(
        'it is gone',
        async () => (await client.get(resources.namespaces, { name: namespace })) === undefined,
      );
      assert.deepEqual((await client.list(resources.pods, { namespace })).items, []);
    });

    it('write nothing when they start anew over what is as it should be', async () => {
      const namespace = await namespaceFor('settled');
      await client.create(resources.services, service(namespace, 'web'));
      await client.create(resources.deployments, deployment(namespace, 'web', 2));
      await untilRunning(namespace, 'web', 2);
      await untilServed(namespace, 'web');
      const kinds = [resources.deployments, resources.replicasets, resources.pods, resources.endpointslices];
      const versions = async (): Promise<string[]> => {
        const lists = await Promise.all(
          kinds.map((kind) => client.list<KubernetesObject>(kind, { namespace })),
        );
        return lists.flatMap(({ items }) => items.map(({ metadata }) => metadata.resourceVersion ?? ''));
      };
      const settled = await until('nothing changes any more', async () => {
        const first = await versions();
        await delay(300);
        return String(await versions()) === String(first) && first;
      });
      await controllers.stop();
      await controllersClient.close();
      controllersClient = await startControllers();
      await controllers.idle();
      await delay(300);
      assert.deepEqual(await versions(), settled);
    });
  });
}
