import assert from 'node:assert/strict';
import test from 'node:test';
import { startLocalServer } from '../../src/apiserver/testing/local-server.ts';

test('the client library of the Kubernetes project lists, creates and follows Services', async (t) => {
  const { CoreV1Api, KubeConfig, Watch } = await import('@kubernetes/client-node');
  const server = await startLocalServer();
  t.after(() => server.close());
  const config = new KubeConfig();
  config.loadFromFile(server.kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const spec = { ports: [{ port: 80 }] };
  const made = await core.createNamespacedService({
    namespace: 'default',
    body: { metadata: { name: 'a' }, spec },
  });
  assert.match(made.spec?.clusterIP ?? '', /^10\./);
  const list = await core.listNamespacedService({ namespace: 'default' });
  assert.deepEqual(
    list.items.map((item) => item.metadata?.name),
    ['a'],
  );

  const { promise, resolve } = Promise.withResolvers<string>();
  const resourceVersion = list.metadata?.resourceVersion;
  const controller = await new Watch(config).watch(
    '/api/v1/namespaces/default/services',
    { resourceVersion },
    (type: string, object: { metadata: { name: string } }) => resolve(`${type} ${object.metadata.name}`),
    () => {},
  );
  await core.createNamespacedService({ namespace: 'default', body: { metadata: { name: 'b' }, spec } });
  assert.equal(await promise, 'ADDED b');
  controller.abort();
});
