import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import test from 'node:test';
import { resources } from '../api/resources.ts';
import { startLocalServer } from '../apiserver/testing/local-server.ts';
import { eventually } from '../client/client.compliance.ts';
import { createClient } from '../client/http/client.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { defaultNetworkConfig } from '../model/network/config.ts';
import { createControllers } from './controllers.ts';

const count = 20;

test('what a deletion orphans stays, whichever watch is the first to tell', async (t) => {
  const server = await startLocalServer();
  t.after(() => server.close());
  const client = createClient({ ...server.access, clock: systemClock, log: silentLog });
  t.after(() => client.close());
  const controllers = createControllers({
    client,
    clock: systemClock,
    log: silentLog,
    config: defaultNetworkConfig,
  });
  await controllers.start();
  t.after(() => controllers.stop());
  const session = connect(server.access.server, { ca: server.access.ca });
  t.after(() => session.destroy());

  const remove = async (name: string, policy: string): Promise<void> => {
    const path = `/api/v1/namespaces/default/secrets/${name}?propagationPolicy=${policy}`;
    const authorization = `Bearer ${server.access.token}`;
    const stream = session.request({ ':path': path, ':method': 'DELETE', authorization });
    stream.resume().end();
    await once(stream, 'close');
  };
  const names = Array.from({ length: count }, (_, i) => `pair-${i}`);
  for (const name of names) {
    const metadata = { name, namespace: 'default' };
    const owner = await client.create(resources.secrets, { apiVersion: 'v1', kind: 'Secret', metadata });
    const { uid = '' } = owner.metadata;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Secret', name, uid }];
    await client.create(resources.configmaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...metadata, ownerReferences },
    });
  }
  const maps = client.informer(resources.configmaps);
  await eventually(() => maps.size === count, 'all are there');
  const [last = '', ...others] = names;
  for (const name of others) await remove(name, 'Orphan');
  await remove(last, 'Background');
  await eventually(() => maps.get(`default/${last}`) === undefined, 'the one that is not orphaned goes');
  await controllers.idle();
  assert.equal((await client.list(resources.configmaps)).items.length, count - 1);
});
