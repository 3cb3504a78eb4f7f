import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { createCredentials } from '../../src/apiserver/credentials/credentials.ts';
import { createApiServer } from '../../src/apiserver/server.ts';
import type { Store } from '../../src/apiserver/store/port.ts';
import { createStore } from '../../src/apiserver/store/store.ts';

/** An API server that can be stopped and started again, on the same port and over the same file. */
interface Restartable {
  readonly kubeconfig: string;
  /** `meanwhile` happens before anybody can connect. */
  start(meanwhile?: (store: Store) => void): Promise<void>;
  stop(): Promise<void>;
}

const historyLimit = 16;

async function restartable(t: TestContext): Promise<Restartable> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-informers-'));
  const credentials = createCredentials({ directory: join(directory, 'credentials'), hosts: [] });
  const kubeconfig = join(directory, 'kubeconfig');
  let port = 0;
  let stop = async (): Promise<void> => {};
  const start = async (meanwhile?: (store: Store) => void): Promise<void> => {
    const store = createStore({ path: join(directory, 'store'), historyLimit });
    meanwhile?.(store);
    const { certificates, tokens } = credentials;
    const options = { store, clock: systemClock, log: silentLog, serviceCidr: '10.96.0.0/12' };
    const server = createApiServer({ ...options, certificates, tokens });
    ({ port } = await server.listen({ port }));
    stop = async () => {
      await server.close();
      store.close();
    };
  };
  await start();
  credentials.writeKubeconfig(kubeconfig, { name: 'weft-test', port });
  t.after(async () => {
    await stop();
    rmSync(directory, { recursive: true });
  });
  return { kubeconfig, start, stop: () => stop() };
}

test('an informer of the client library survives restarts of the server, and compaction', async (t) => {
  const { CoreV1Api, KubeConfig, makeInformer } = await import('@kubernetes/client-node');
  const server = await restartable(t);
  const config = new KubeConfig();
  config.loadFromFile(server.kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const namespace = 'default';
  const make = (name: string): Promise<unknown> =>
    core.createNamespacedConfigMap({ namespace, body: { metadata: { name } } });
  await make('first');

  const path = '/api/v1/namespaces/default/configmaps';
  const informer = makeInformer(config, path, () => core.listNamespacedConfigMap({ namespace }));
  const known = new Set<string>();
  let wake = (): void => {};
  const changed = (change: () => void): void => {
    change();
    wake();
  };
  informer.on('add', ({ metadata }) => changed(() => known.add(metadata?.name ?? '')));
  informer.on('delete', ({ metadata }) => changed(() => known.delete(metadata?.name ?? '')));
  // As its documentation has it: after an error whoever uses an informer starts it again.
  let over = false;
  informer.on('error', () => {
    if (!over) setTimeout(() => void informer.start().catch(() => {}), 100);
  });
  t.after(() => {
    over = true;
    return informer.stop();
  });
  const knows = async (...names: string[]): Promise<void> => {
    while ([...known].sort().join() !== names.toSorted().join()) {
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  await informer.start();
  await knows('first');
  await make('second');
  await knows('first', 'second');

  await server.stop();
  await server.start();
  await make('third');
  await knows('first', 'second', 'third');

  // While it is away, more happens than is kept: it has to list again, and notices what is gone.
  await server.stop();
  await server.start((store) => {
    store.remove('configmaps', 'default/second');
    for (let i = 0; i < 400; i++) {
      const metadata = { name: `x-${i}`, namespace: 'kube-public' };
      store.put('configmaps', `kube-public/x-${i}`, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
    }
  });
  await make('fourth');
  await knows('first', 'third', 'fourth');
});
