import { createClient } from '../client/http/client.ts';
import { createDomainGate } from '../dns/domains/gate.ts';
import { createDnsServer } from '../dns/server.ts';
import { createUpstreamCounters } from '../dns/upstream/counters.ts';
import { createForwarder } from '../dns/upstream/forwarder.ts';
import { createUpstreamResolver } from '../dns/upstream/resolver.ts';
import { createUpstreamTransport } from '../dns/upstream/transport.ts';
import { createNetworkNamespaces } from '../kernel/netns/real.ts';
import { createSockets } from '../kernel/sockets/sockets.ts';
import { systemClock } from '../lib/clock.ts';
import { familiesOfNetwork } from '../model/network/config.ts';
import { keepServing } from '../workload/keep-serving.ts';
import { createServingServer } from '../workload/serving.ts';
import { clientMetrics } from './client-metrics.ts';
import { domainAgents } from './dns/domain-agents.ts';
import { keepOwnTokens } from './own-tokens.ts';
import { runRole, whenReady } from './role.ts';
import { serverAccess } from './server-access.ts';
import { serveInternetNames } from './serve-names.ts';
import { upstreamMetrics } from './dns/upstream-metrics.ts';
import { followUpstreamServers } from './dns/upstream-servers.ts';
import { watchHolder } from './watch-holder.ts';

/** The cluster DNS process of a lab. */
await runRole('dns', async ({ paths, options, log, expose }) => {
  watchHolder({ paths, log });
  const namespaces = createNetworkNamespaces({ directory: paths.namespaces, log });
  const sockets = createSockets({ namespaces });
  const access = await whenReady(() => serverAccess(paths, options, paths.ownKubeconfig('dns')));
  const client = createClient({ ...access, withoutManagedFields: true, clock: systemClock, log });
  const tokens = keepOwnTokens('dns', { client, paths, options, log });
  expose(() => clientMetrics(client.counts()));
  const families = familiesOfNetwork(options.config);
  // A further cluster asks the first one's.
  const internet = options.ordinal === undefined ? serveInternetNames({ sockets, log }, families) : undefined;
  const upstream = createUpstreamCounters();
  expose(() => upstreamMetrics(upstream));
  const transport = createUpstreamTransport({ sockets, clock: systemClock });
  const servers = followUpstreamServers(client, options.config);
  const forwarder = createForwarder({
    resolver: createUpstreamResolver({
      transport,
      servers: servers.current,
      counters: upstream,
      clock: systemClock,
    }),
    counters: upstream,
    clock: systemClock,
  });
  servers.onChange(() => forwarder.forget());
  const gate = createDomainGate({
    forwarder,
    agents: domainAgents(paths.socket('agents')),
    counters: upstream,
    clock: systemClock,
    log,
  });
  const dns = createDnsServer({
    sockets,
    foreign: gate,
    namespaces,
    families,
    client,
    log,
    clock: systemClock,
  });
  const pods = keepServing(dns, { directory: paths.serving('dns'), log });
  const serving = createServingServer({ path: paths.socket('dns'), pods, log });
  gate.start();
  await dns.start();
  await pods.restore();
  await serving.start();
  return async () => {
    await tokens.stop();
    await serving.stop();
    gate.stop();
    await dns.stop();
    await internet?.stop();
    await client.close();
  };
});
