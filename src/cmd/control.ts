import { kubernetesAddress } from '../api/allocation.ts';
import { createApiServer } from '../apiserver/server.ts';
import { componentUsers } from '../apiserver/access/policy.ts';
import { nodeUser, type User } from '../apiserver/identity/user.ts';
import { createCredentials } from '../apiserver/credentials/credentials.ts';
import { createStore } from '../apiserver/store/store.ts';
import { createClients } from '../client/http/client.ts';
import type { Client } from '../client/port.ts';
import { createControllers } from '../controllers/controllers.ts';
import { createFabric } from '../fabric/fabric.ts';
import { createNetworkNamespaces } from '../kernel/netns/real.ts';
import { createPoller } from '../kernel/poll/poller.ts';
import { createRouteNetlink } from '../kernel/route/real.ts';
import { createSockets } from '../kernel/sockets/sockets.ts';
import { createSysctl } from '../kernel/sysctl/real.ts';
import { backupRoutes } from '../lab/backup-routes.ts';
import { ensureObjects } from '../lab/ensure.ts';
import { createPodStreams } from '../lab/pod-streams.ts';
import { labPlaces } from '../lab/options.ts';
import { apiPort, customObjects, systemObjects } from '../lab/system-objects.ts';
import { systemClock } from '../lib/clock.ts';
import { longestReply } from '../lib/rpc-limits.ts';
import { createRpcServer } from '../lib/rpc.ts';
import { machineNetns } from '../model/fabric/default-fabric.ts';
import { familiesOfNetwork, primaryServiceCidr } from '../model/network/config.ts';
import { labAddressesOf } from '../model/network/lab-addresses.ts';
import { followNodes } from './follow-nodes.ts';
import { guardFabric } from './guard-fabric.ts';
import { repairsMetric } from './repairs-metric.ts';
import { serveInternet } from './serve-internet.ts';
import { writeNodeTokens } from './node-tokens.ts';
import { openAuditLog } from './audit-log.ts';
import { ownDoor } from './own-door.ts';
import { clientMetrics } from './client-metrics.ts';
import { runRole } from './role.ts';
import { watchHolder } from './watch-holder.ts';

/** The control process of a lab: API server, controllers, fabric. */
await runRole('control', async ({ paths, options, log, expose }) => {
  // The worker must start before this thread ever enters a namespace: it would live there.
  const poller = createPoller();
  watchHolder({ paths, log, poller });
  const namespaces = createNetworkNamespaces({ directory: paths.namespaces, log });
  const route = createRouteNetlink({ namespaces });
  const sysctl = createSysctl({ namespaces });
  const sockets = createSockets({ namespaces });
  const places = labPlaces(options);
  const { config } = options;
  const families = familiesOfNetwork(config);

  const credentials = createCredentials({
    directory: paths.credentials,
    hosts: [
      kubernetesAddress(primaryServiceCidr(config)),
      ...families.map((family) => labAddressesOf[family].control),
    ],
    users: [...Object.values(componentUsers).map(userNamed), ...places.map(({ name }) => nodeUser(name))],
  });
  const store = createStore({ path: paths.store, synchronous: 'FULL' });
  const server = createApiServer({
    store,
    clock: systemClock,
    log,
    serviceCidr: config.serviceCidrs.join(),
    certificates: credentials.certificates,
    tokens: credentials.tokens,
    signingKey: credentials.signingKey,
    ...(options.audit === true && { auditSink: openAuditLog(paths.audit) }),
    streams: createPodStreams(paths.socket('holder')),
  });
  const door = ownDoor();
  const { port } = await server.listen(
    door === undefined ? { port: credentials.rememberedPort ?? 0 } : { fd: door },
  );
  // For the lab's own processes: without root they are in another network namespace than the port.
  await server.listen({ path: paths.socket('api') });
  const { token, ...access } = credentials.access(port);
  const clients = createClients({ ...access, socketPath: paths.socket('api'), clock: systemClock, log });
  expose(() => clientMetrics(clients.counts()));
  const clientOf = (user: keyof typeof componentUsers): Client =>
    clients.as(credentials.tokenOf(componentUsers[user]));

  const fabric = createFabric({ namespaces, route, sysctl });
  const fabricClient = clientOf('fabric');
  await followNodes({ client: fabricClient, fabric, places, families, log });
  const guard = guardFabric({ fabric, namespaces, poller, client: fabricClient, log });
  expose(() => repairsMetric(guard.repairs()));
  void serveInternet(paths, log);
  await ensureObjects(clients.as(token), systemObjects(places, config));
  await ensureObjects(clients.as(token), customObjects(config));
  for (const family of families) {
    await server.listen({
      fd: sockets.listen(machineNetns.control, { protocol: 'tcp', port: apiPort, family }),
    });
  }
  // Everybody waits for the kubeconfig: it is written when what it promises is there, the nodes' machines among it.
  writeNodeTokens(paths.nodeTokens, credentials, places);
  for (const role of ['agents', 'dns'] as const) {
    credentials.writeUserKubeconfig(paths.ownKubeconfig(role), { user: componentUsers[role], port });
  }
  credentials.writeKubeconfig(paths.kubeconfig, { name: `weft-${options.name}`, port });
  const controllers = createControllers({
    client: clientOf('controllers'),
    clock: systemClock,
    log,
    config,
    rootCa: access.ca,
  });
  await controllers.start();
  const rpc = createRpcServer({
    path: paths.socket('control'),
    log,
    bodyLimit: longestReply,
    routes: backupRoutes({ server, store, nodes: places.map(({ name }) => name) }),
  });
  await rpc.start();

  return async () => {
    await rpc.stop();
    guard.close();
    await poller.close();
    await controllers.stop();
    await clients.close();
    await server.close();
    store.close();
  };
});

function userNamed(name: string): User {
  return { name, groups: [] };
}
