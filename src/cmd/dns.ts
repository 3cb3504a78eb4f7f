import { createClient } from '../client/http/client.ts';
import { createDnsServer } from '../dns/server.ts';
import { createNetworkNamespaces } from '../kernel/netns/real.ts';
import { createSockets } from '../kernel/sockets/sockets.ts';
import { systemClock } from '../lib/clock.ts';
import { familiesOfNetwork } from '../model/network/config.ts';
import { keepServing } from '../workload/keep-serving.ts';
import { createServingServer } from '../workload/serving.ts';
import { clientMetrics } from './client-metrics.ts';
import { keepOwnTokens } from './own-tokens.ts';
import { runRole, whenReady } from './role.ts';
import { serverAccess } from './server-access.ts';
import { watchHolder } from './watch-holder.ts';

/** The cluster DNS process of a lab. */
await runRole('dns', async ({ paths, options, log, expose }) => {
  watchHolder({ paths, log });
  const namespaces = createNetworkNamespaces({ directory: paths.namespaces, log });
  const sockets = createSockets({ namespaces });
  const access = await whenReady(() => serverAccess(paths, options, paths.ownKubeconfig('dns')));
  const client = createClient({ ...access, clock: systemClock, log });
  const tokens = keepOwnTokens('dns', { client, paths, options, log });
  expose(() => clientMetrics(client.counts()));
  const dns = createDnsServer({
    sockets,
    namespaces,
    families: familiesOfNetwork(options.config),
    client,
    log,
    clock: systemClock,
  });
  const pods = keepServing(dns, { directory: paths.serving('dns'), log });
  const serving = createServingServer({ path: paths.socket('dns'), pods, log });
  await dns.start();
  await pods.restore();
  await serving.start();
  return async () => {
    await tokens.stop();
    await serving.stop();
    await dns.stop();
    await client.close();
  };
});
