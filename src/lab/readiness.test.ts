import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resources } from '../api/resources.ts';
import type { Pod, Service } from '../api/types/core.ts';
import type { EndpointSlice } from '../api/types/network.ts';
import { createFakeClient } from '../client/fake/client.ts';
import { systemClock } from '../lib/clock.ts';
import { WeftError } from '../lib/errors.ts';
import { watchReadiness } from './readiness.ts';

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
  spec: { containers: [{ name: 'c' }] },
};
const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
};
const podName = { namespace: 'default', name: 'web' };
const ready = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };

function sliceOf(uid: string): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.244.0.1'], targetRef: { kind: 'Pod', name: 'web', uid } }],
  };
}

test('an empty cluster is ready', async () => {
  await watchReadiness(createFakeClient(), systemClock).wait(1000);
});

test('waiting ends when pods are ready and their Services know them', async () => {
  const client = createFakeClient();
  const { metadata } = await client.create(resources.pods, pod);
  await client.create(resources.services, service);
  const readiness = watchReadiness(client, systemClock);
  assert.deepEqual(
    (await readiness.unready()).map(({ kind, key }) => `${kind} ${key}`),
    ['Pod default/web', 'Service default/web'],
  );
  const waiting = readiness.wait(5000);
  await client.patch(resources.pods, podName, { subresource: 'status', body: ready });
  assert.deepEqual(
    (await readiness.unready()).map(({ kind }) => kind),
    ['Service'],
  );
  await client.create(resources.endpointslices, sliceOf(metadata.uid ?? ''));
  await waiting;
});

test('a time-out names what was not ready, and why', async () => {
  const client = createFakeClient();
  await client.create(resources.pods, pod);
  await client.patch(resources.pods, podName, {
    subresource: 'status',
    body: { status: { conditions: [{ type: 'Ready', status: 'False', message: 'no address left' }] } },
  });
  await assert.rejects(watchReadiness(client, systemClock).wait(10), (error: unknown) => {
    assert.ok(error instanceof WeftError);
    assert.equal(error.code, 'not-ready');
    assert.match(error.message, /Pod default\/web: no address left/);
    return true;
  });
});
