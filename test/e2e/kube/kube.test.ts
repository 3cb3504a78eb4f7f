import { after, before, describe } from 'node:test';
import { resources } from '../../../src/api/resources.ts';
import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import type { Resource } from '../../../src/api/resources.ts';
import { startLocalServer } from '../../../src/apiserver/testing/local-server.ts';
import { clientCompliance } from '../../../src/client/client.compliance.ts';
import { createClient } from '../../../src/client/http/client.ts';
import type { Client } from '../../../src/client/port.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { kubeProblem, startKubeApiserver, type TestServer } from '../../support/kube-server.ts';
import { controllersOn } from './controllers.ts';
import { controllerCommandOn } from './controller-command.ts';
import { faultsOn } from './faults.ts';

/*
 * The same stories on Weft's own API server and, where KUBEBUILDER_ASSETS says where one is, on a real kube-apiserver
 * with etcd: what holds on one holds on the other.
 */

const servers: readonly { name: string; skip: string | false; start: () => Promise<TestServer> }[] = [
  {
    name: "Weft's API server",
    skip: false,
    start: async () => ({ name: 'weft', ...(await startLocalServer()) }),
  },
  { name: 'kube-apiserver', skip: kubeProblem(), start: startKubeApiserver },
];

for (const { name, skip, start } of servers) {
  describe(`on ${name}`, { skip }, () => {
    let server: TestServer;
    before(async () => {
      server = await start();
    });
    after(() => server.close());
    const connect = (): Client => createClient({ ...server.access, clock: systemClock, log: silentLog });

    clientCompliance('the HTTP client', async () => {
      const client = connect();
      await makeEmpty(client);
      return { client, close: () => Promise.resolve() };
    });
    controllersOn(() => server);
    faultsOn(() => server);
    controllerCommandOn(() => server);
  });
}

/** The namespace `shop` with nothing in it, but the ServiceAccount without which pods are refused. */
async function makeEmpty(client: Client): Promise<void> {
  const metadata = { name: 'shop' };
  await client.apply(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata });
  await client.apply(resources.serviceaccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'shop' },
  });
  const kinds: Resource[] = [resources.pods, resources.configmaps, resources.deployments];
  for (const kind of kinds) {
    const { items } = await client.list<KubernetesObject>(kind, { namespace: 'shop' });
    for (const {
      metadata: { name },
    } of items) {
      await client.delete(kind, { namespace: 'shop', name }, { graceSeconds: 0 });
    }
  }
}
