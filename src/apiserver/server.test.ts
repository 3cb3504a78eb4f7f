import { resources } from '../api/resources.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { clientCompliance } from '../client/client.compliance.ts';
import { createClient } from '../client/http/client.ts';
import { startLocalServer } from './testing/local-server.ts';

// What the fake promises to everybody's tests, the real server keeps.
clientCompliance('the client on the embedded API server', async () => {
  const server = await startLocalServer();
  const client = createClient({ ...server.access, clock: systemClock, log: silentLog });
  await client.create(resources.namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop' },
  });
  return { client, close: () => server.close() };
});
