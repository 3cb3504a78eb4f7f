import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resources } from '../api/resources.ts';
import type { Pod } from '../api/types/core.ts';
import { eventually } from '../client/client.compliance.ts';
import type { Client } from '../client/port.ts';
import { WeftError } from '../lib/errors.ts';
import { deploymentNamed, inCluster, markReady, nodeNamed, runAgents, serviceNamed } from './scenario.ts';

const threeNodes = [nodeNamed('node-1'), nodeNamed('node-2'), nodeNamed('node-3')];
const web = { namespace: 'shop', name: 'web' };

const podsOf = (client: Client): Pod[] => [...client.informer(resources.pods).values()];
const names = (pods: readonly Pod[]): string[] => pods.map(({ metadata }) => metadata.name);
const imageOf = (pod: Pod): string | undefined => pod.spec.containers[0]?.image;
const isReady = (pod: Pod): boolean => pod.status?.conditions?.[0]?.status === 'True';

describe('a Deployment', () => {
  it('becomes bound pods and, when they are ready, endpoints', () =>
    inCluster({ objects: threeNodes }, async ({ client, calls }) => {
      await client.create(resources.services, serviceNamed('web'));
      await client.create(resources.deployments, deploymentNamed('web', 3));
      const bound = (): Pod[] => podsOf(client).filter(({ spec }) => spec.nodeName !== undefined);
      await eventually(() => bound().length === 3, 'three pods are bound');
      assert.deepEqual(
        new Set(bound().map(({ spec }) => spec.nodeName)),
        new Set(['node-1', 'node-2', 'node-3']),
      );
      const podWrites = calls.filter(({ resource, verb }) => resource === resources.pods && verb !== 'get');
      assert.deepEqual(
        podWrites.map(({ verb }) => verb).toSorted((a, b) => a.localeCompare(b)),
        ['bind', 'bind', 'bind', 'create', 'create', 'create'],
        'one request to make a pod and one to bind it',
      );
      const slices = client.informer(resources.endpointslices);
      const ready = (): string[] =>
        [...slices.values()].flatMap(({ endpoints }) =>
          endpoints
            .filter(({ conditions }) => conditions?.ready === true)
            .flatMap(({ addresses }) => addresses),
        );
      for (const [index, pod] of bound().entries()) await markReady(client, pod, `10.244.0.${index + 2}`);
      await eventually(() => ready().length === 3, 'three endpoints are ready');
      assert.deepEqual(new Set(ready()), new Set(['10.244.0.2', '10.244.0.3', '10.244.0.4']));
      const deployment = client.informer(resources.deployments);
      await eventually(
        () => deployment.get('shop/web')?.status?.readyReplicas === 3,
        'the Deployment says so',
      );
      const { status, metadata } = deployment.get('shop/web') ?? assert.fail();
      assert.equal(status?.observedGeneration, metadata.generation);
      assert.deepEqual(
        status?.conditions?.map(({ type, status, reason }) => [type, status, reason]),
        [
          ['Available', 'True', 'MinimumReplicasAvailable'],
          ['Progressing', 'True', 'NewReplicaSetAvailable'],
        ],
      );
      const endpoints = client.informer(resources.endpoints);
      const mirrored = (): number => endpoints.get('shop/web')?.subsets?.[0]?.addresses?.length ?? 0;
      await eventually(() => mirrored() === 3, 'the Endpoints say the same');
    }));

  it('is replaced pod by pod, without ever having too few that are ready', () =>
    inCluster({ objects: threeNodes }, async ({ client }) => {
      const stop = runAgents(client);
      await client.create(resources.deployments, deploymentNamed('web', 4));
      await eventually(() => podsOf(client).filter(isReady).length === 4, 'the first version is ready');
      let [fewest, most] = [4, 4];
      const end = client.informer(resources.pods).onChange(() => {
        fewest = Math.min(fewest, podsOf(client).filter(isReady).length);
        most = Math.max(most, podsOf(client).length);
      });
      await client.patch(resources.deployments, web, {
        body: { spec: { template: deploymentNamed('web', 4, 'v2').spec.template } },
      });
      const isDone = (): boolean => {
        const pods = podsOf(client);
        return pods.length === 4 && pods.every((pod) => imageOf(pod) === 'v2' && isReady(pod));
      };
      await eventually(isDone, 'all pods are of the second version');
      end();
      stop();
      assert.ok(fewest >= 3, `${fewest} were ready`);
      assert.ok(most <= 5, `there were ${most}`);
      const sets = [...client.informer(resources.replicasets).values()];
      assert.deepEqual(
        sets.map(({ spec }) => spec.replicas).toSorted((a = 0, b = 0) => a - b),
        [0, 4],
      );
      const revision = (): string | undefined =>
        client.informer(resources.deployments).get('shop/web')?.metadata.annotations?.[
          'deployment.kubernetes.io/revision'
        ];
      await eventually(() => revision() === '2', 'the Deployment has its second revision');
    }));

  it('scales down by the pods that are not ready first', () =>
    inCluster({ objects: threeNodes }, async ({ client }) => {
      await client.create(resources.deployments, deploymentNamed('web', 3));
      await eventually(
        () => podsOf(client).filter(({ spec }) => spec.nodeName).length === 3,
        'three pods are bound',
      );
      const [one, two] = podsOf(client);
      assert.ok(one && two);
      await markReady(client, one, '10.244.0.2');
      await client.patch(resources.deployments, web, {
        body: { spec: { replicas: 1 } },
        subresource: 'scale',
      });
      await eventually(() => podsOf(client).length === 1, 'one pod is left');
      assert.deepEqual(names(podsOf(client)), names([one]));
    }));

  it('makes exactly its replicas also when caches lag and answers get lost', () => {
    let lost = 0;
    return inCluster(
      {
        objects: threeNodes,
        // Everything is told late, and the answers of the first pods are lost after they were made.
        deliver: (apply) => void setTimeout(apply, 25),
        loseAnswer: ({ verb, resource }) => verb === 'create' && resource === resources.pods && lost++ < 20,
      },
      async ({ client, controllers }) => {
        await client.create(resources.deployments, deploymentNamed('web', 20));
        const made: string[] = [];
        client.informer(resources.pods).onChange(({ key, previous }) => {
          if (previous === undefined) made.push(key);
        });
        await eventually(
          () => podsOf(client).filter(({ spec }) => spec.nodeName).length === 20,
          'all pods are bound',
        );
        await controllers.idle();
        assert.ok(lost >= 20);
        assert.equal(made.length, 20, 'none was made for nothing');
      },
    );
  });

  it('gets its pods when the API works again, and says meanwhile who is failing', () => {
    let broken = true;
    return inCluster(
      {
        objects: threeNodes,
        intercept({ verb, resource }) {
          if (broken && verb === 'create' && resource === resources.pods) {
            throw new WeftError('api-rejected', 'exceeded quota');
          }
        },
      },
      async ({ client, controllers }) => {
        await client.create(resources.deployments, deploymentNamed('web', 2));
        await eventually(() => controllers.failing().length > 0, 'a key fails');
        assert.deepEqual(
          controllers.failing().map(({ controller, why }) => [controller, why]),
          [['replicaset', 'exceeded quota']],
        );
        const events = client.informer(resources.events);
        await eventually(
          () => [...events.values()].some(({ reason }) => reason === 'FailedCreate'),
          'an Event tells it',
        );
        broken = false;
        await eventually(() => podsOf(client).length === 2, 'the pods are made');
        await eventually(() => controllers.failing().length === 0, 'nothing fails');
      },
    );
  });

  it('takes all it made with it when it is deleted', () =>
    inCluster({ objects: threeNodes }, async ({ client }) => {
      await client.create(resources.services, serviceNamed('web'));
      await client.create(resources.deployments, deploymentNamed('web', 2));
      const stop = runAgents(client);
      const slices = client.informer(resources.endpointslices);
      await eventually(() => slices.size === 1 && podsOf(client).filter(isReady).length === 2, 'it runs');
      await client.delete(resources.deployments, web);
      await client.delete(resources.services, web);
      const isGone = (): boolean =>
        podsOf(client).length +
          slices.size +
          client.informer(resources.replicasets).size +
          client.informer(resources.endpoints).size ===
        0;
      await eventually(isGone, 'everything is gone');
      stop();
    }));

  it('is adopted by controllers that start later, which change nothing', async () => {
    await inCluster({ objects: threeNodes }, async ({ client, controllers, restart, calls }) => {
      const stop = runAgents(client);
      await client.create(resources.services, serviceNamed('web'));
      await client.create(resources.deployments, deploymentNamed('web', 3));
      const ready = (): number =>
        client.informer(resources.deployments).get('shop/web')?.status?.readyReplicas ?? 0;
      await eventually(() => ready() === 3 && client.informer(resources.endpoints).size === 1, 'it runs');
      await controllers.idle();
      await new Promise((resolve) => setTimeout(resolve, 40));
      const before = calls.length;
      const again = await restart();
      await again.idle();
      await new Promise((resolve) => setTimeout(resolve, 40));
      assert.deepEqual(
        calls.slice(before).filter(({ verb }) => verb !== 'get' && verb !== 'list'),
        [],
      );
      stop();
    });
  });
});

describe('the scheduler', () => {
  it('waits for a node and tells why, then binds', () =>
    inCluster({ objects: [nodeNamed('node-1', { ready: false })] }, async ({ client }) => {
      await client.create(resources.deployments, deploymentNamed('web', 1));
      const events = client.informer(resources.events);
      await eventually(
        () => [...events.values()].some(({ reason }) => reason === 'FailedScheduling'),
        'an Event tells it',
      );
      const [event] = [...events.values()];
      assert.equal(event?.message, '0/1 nodes are available: 1 node(s) were not ready.');
      assert.equal(event.involvedObject.kind, 'Pod');
      await client.updateStatus(resources.nodes, nodeNamed('node-1'));
      await eventually(() => podsOf(client)[0]?.spec.nodeName === 'node-1', 'the pod is bound');
    }));

  it('binds a pod when the last of its gates is gone', () =>
    inCluster({ objects: [nodeNamed('node-1')] }, async ({ client }) => {
      const name = { namespace: 'shop', name: 'gated' };
      const spec = { containers: [{ name: 'app', image: 'app' }] };
      const pod = (name: string, gates: object): Pod => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace: 'shop', name },
        spec: { ...spec, ...gates },
      });
      await client.create(resources.pods, pod('gated', { schedulingGates: [{ name: 'a' }] }));
      await client.create(resources.pods, pod('free', {}));
      const nodeOf = (name: string): string | undefined =>
        podsOf(client).find(({ metadata }) => metadata.name === name)?.spec.nodeName;
      await eventually(() => nodeOf('free') === 'node-1', 'the later one is bound');
      assert.equal(nodeOf('gated'), undefined);
      await client.patch(resources.pods, name, { body: { spec: { schedulingGates: null } } });
      await eventually(() => nodeOf('gated') === 'node-1', 'the gated one is bound');
    }));

  it('gives a place that became free to a pod that waits', () => {
    const small = nodeNamed('node-1');
    const objects = [{ ...small, status: { ...small.status, allocatable: { pods: '2' } } }];
    return inCluster({ objects }, async ({ client }) => {
      await client.create(resources.deployments, deploymentNamed('web', 3));
      const bound = (): Pod[] => podsOf(client).filter(({ spec }) => spec.nodeName);
      await eventually(() => podsOf(client).length === 3 && bound().length === 2, 'two are bound');
      await client.patch(resources.deployments, web, { body: { spec: { replicas: 2 } } });
      await eventually(() => podsOf(client).length === 2, 'the one without a place goes');
      const [first] = bound();
      await client.create(resources.deployments, deploymentNamed('other', 1));
      await eventually(() => podsOf(client).length === 3, 'another waits');
      await client.patch(resources.deployments, web, { body: { spec: { replicas: 1 } } });
      await eventually(() => bound().length === 2 && podsOf(client).length === 2, 'it got the place');
      assert.ok(first);
      assert.deepEqual(
        new Set(bound().map(({ metadata }) => metadata.labels?.['app'])),
        new Set(['web', 'other']),
      );
    });
  });
});
