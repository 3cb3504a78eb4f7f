import { kubernetesAddress } from '../api/allocation.ts';
import { createApiServer } from '../apiserver/server.ts';
import { createCredentials } from '../apiserver/credentials/credentials.ts';
import { createStore } from '../apiserver/store/store.ts';
import { createClient } from '../client/http/client.ts';
import { createControllers } from '../controllers/controllers.ts';
import { createFabric } from '../fabric/fabric.ts';
import { createNetworkNamespaces } from '../kernel/netns/real.ts';
import { createPoller } from '../kernel/poll/poller.ts';
import { createRouteNetlink } from '../kernel/route/real.ts';
import { createSockets } from '../kernel/sockets/sockets.ts';
import { createSysctl } from '../kernel/sysctl/real.ts';
import { ensureObjects } from '../lab/ensure.ts';
import { labPlaces } from '../lab/options.ts';
import { apiPort, systemObjects } from '../lab/system-objects.ts';
import { systemClock } from '../lib/clock.ts';
import { machineNetns } from '../model/fabric/default-fabric.ts';
import { familiesOfNetwork, primaryServiceCidr } from '../model/network/config.ts';
import { labAddressesOf } from '../model/network/lab-addresses.ts';
import { followNodes } from './follow-nodes.ts';
import { guardFabric } from './guard-fabric.ts';
import { repairsMetric } from './repairs-metric.ts';
import { serveInternet } from './serve-internet.ts';
import { ownDoor } from './own-door.ts';
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
  });
  const store = createStore({ path: paths.store, synchronous: 'FULL' });
  const server = createApiServer({
    store,
    clock: systemClock,
    log,
    serviceCidr: config.serviceCidrs.join(),
    certificates: credentials.certificates,
    tokens: credentials.tokens,
  });
  const door = ownDoor();
  const { port } = await server.listen(
    door === undefined ? { port: credentials.rememberedPort ?? 0 } : { fd: door },
  );
  // For the lab's own processes: without root they are in another network namespace than the port.
  await server.listen({ path: paths.socket('api') });
  const access = { ...credentials.access(port), socketPath: paths.socket('api') };
  const client = createClient({ ...access, clock: systemClock, log });

  const fabric = createFabric({ namespaces, route, sysctl });
  await followNodes({ client, fabric, places, families, log });
  const guard = guardFabric({ fabric, namespaces, poller, client, log });
  expose(() => repairsMetric(guard.repairs()));
  void serveInternet(paths, log);
  await ensureObjects(client, systemObjects(places, config));
  for (const family of families) {
    await server.listen({
      fd: sockets.listen(machineNetns.control, { protocol: 'tcp', port: apiPort, family }),
    });
  }
  // Everybody waits for the kubeconfig: it is written when what it promises is there, the nodes' machines among it.
  credentials.writeKubeconfig(paths.kubeconfig, { name: `weft-${options.name}`, port });
  const controllers = createControllers({ client, clock: systemClock, log, config });
  await controllers.start();

  return async () => {
    guard.close();
    await poller.close();
    await controllers.stop();
    await client.close();
    await server.close();
    store.close();
  };
});
