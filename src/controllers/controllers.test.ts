import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resources } from '../api/resources.ts';
import type { Deployment } from '../api/types/apps.ts';
import type { Pod } from '../api/types/core.ts';
import { eventually } from '../client/client.compliance.ts';
import { deploymentNamed, inCluster, markReady, nodeNamed, serviceNamed } from './scenario.ts';

const threeNodes = [nodeNamed('node-1'), nodeNamed('node-2'), nodeNamed('node-3')];

describe('the controllers', () => {
  it('turn a Deployment into bound pods and, when they are ready, endpoints', () =>
    inCluster({ objects: threeNodes }, async ({ client, calls }) => {
      await client.create(resources.services, serviceNamed('web'));
      await client.create(resources.deployments, deploymentNamed('web', 3));
      const pods = client.informer(resources.pods);
      const bound = (): Pod[] => [...pods.values()].filter(({ spec }) => spec.nodeName !== undefined);
      await eventually(() => bound().length === 3, 'three pods are bound');
      assert.deepEqual(
        bound()
          .map(({ spec }) => spec.nodeName)
          .toSorted(),
        ['node-1', 'node-2', 'node-3'],
      );
      const podWrites = calls.filter(({ resource, verb }) => resource === resources.pods && verb !== 'get');
      assert.deepEqual(podWrites.map(({ verb }) => verb).toSorted(), [
        'create',
        'create',
        'create',
        'patch',
        'patch',
        'patch',
      ]);
      for (const [index, pod] of bound().entries()) await markReady(client, pod, `10.244.0.${index + 2}`);
      const slices = client.informer(resources.endpointslices);
      const endpoints = (): string[] =>
        [...slices.values()].flatMap((slice) =>
          slice.endpoints.filter((e) => e.conditions?.ready).flatMap((e) => e.addresses),
        );
      await eventually(() => endpoints().length === 3, 'three endpoints are ready');
      assert.deepEqual(endpoints().toSorted(), ['10.244.0.2', '10.244.0.3', '10.244.0.4']);
      const status = (): Deployment['status'] =>
        client.informer(resources.deployments).get('shop/web')?.status;
      await eventually(() => status()?.readyReplicas === 3, 'the Deployment says so');
      assert.equal(
        status()?.conditions?.find(({ type }) => type === 'Progressing')?.reason,
        'NewReplicaSetAvailable',
      );
    }));
});
