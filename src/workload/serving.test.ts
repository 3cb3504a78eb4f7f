import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import * as fc from 'fast-check';
import { WeftError } from '../lib/errors.ts';
import { silentLog } from '../lib/log.ts';
import { rpcCall } from '../lib/rpc-client.ts';
import { decodePodServing } from './pod-serving.ts';
import type { PodServer, PodServing } from './port.ts';
import { createServingClient } from './serving-client.ts';
import { createServingServer } from './serving.ts';

const directory = mkdtempSync(join(tmpdir(), 'weft-serving-'));
const path = join(directory, 'pods.sock');

/** Takes every pod; port 99 is somebody else's. */
const served = new Map<string, PodServing>();
const pods: PodServer = {
  async serve(pod) {
    served.set(pod.uid, pod);
    if (pod.listeners.some(({ port }) => port === 99))
      throw new WeftError('socket-in-use', 'port 99 is taken');
    return [...pod.listeners];
  },
  async unserve(uid) {
    served.delete(uid);
  },
  list: () => [...served.values()],
};

const server = createServingServer({ path, pods, log: silentLog });
before(() => server.start());
after(async () => {
  await server.stop();
  rmSync(directory, { recursive: true });
});
beforeEach(() => served.clear());

const client = createServingClient(path);
const pod: PodServing = {
  uid: '6f1/ü',
  pod: 'shop/web',
  node: 'node-1',
  netns: 'pod-1',
  listeners: [{ protocol: 'TCP', port: 80 }],
};

const failsWith =
  (code: string) =>
  (thrown: unknown): boolean =>
    thrown instanceof WeftError && thrown.code === code;

test('pods are served, listed and unserved over the socket', async () => {
  assert.deepEqual(await client.serve(pod), pod.listeners);
  assert.deepEqual(await client.list(), [pod]);
  await client.unserve(pod.uid);
  await client.unserve(pod.uid);
  assert.deepEqual(await client.list(), []);
});

test('a listener that cannot be bound is told with its code', async () => {
  const greedy: PodServing = { ...pod, listeners: [{ protocol: 'UDP', port: 99 }] };
  await assert.rejects(client.serve(greedy), failsWith('socket-in-use'));
});

test('a body that is no pod, or another pod than the path’s, changes nothing', async () => {
  const wrong: unknown[] = [
    undefined,
    [],
    { ...pod, uid: 'another' },
    { ...pod, uid: 'x', netns: '' },
    { ...pod, uid: 'x', listeners: [{ protocol: 'DCCP', port: 80 }] },
    { ...pod, uid: 'x', listeners: [{ protocol: 'TCP', port: 65536 }] },
    { ...pod, uid: 'x', listeners: Array.from({ length: 4097 }, () => ({ protocol: 'TCP', port: 80 })) },
  ];
  for (const body of wrong) {
    await assert.rejects(rpcCall(path, 'PUT', '/pods/x', body), failsWith('pod-serving-invalid'));
  }
  assert.equal(served.size, 0);
});

test('decoding never throws anything but pod-serving-invalid', () => {
  const nearly = fc.record(
    {
      uid: fc.oneof(fc.string(), fc.anything()),
      pod: fc.string(),
      node: fc.string(),
      netns: fc.string(),
      listeners: fc.oneof(fc.array(fc.anything(), { maxLength: 3 }), fc.anything()),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(nearly, fc.anything()), (value) => {
      try {
        decodePodServing(value);
      } catch (thrown) {
        assert.ok(failsWith('pod-serving-invalid')(thrown), String(thrown));
      }
    }),
  );
});
