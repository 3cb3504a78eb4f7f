import { setImmediate as nextTurn } from 'node:timers/promises';
import { kubernetesAddress } from '../../api/allocation.ts';
import { componentUsers } from '../../apiserver/access/policy.ts';
import { nodeUser, type User } from '../../apiserver/identity/user.ts';
import { createCredentials } from '../../apiserver/credentials/credentials.ts';
import { createStore } from '../../apiserver/store/store.ts';
import { createClients } from '../../client/http/client.ts';
import type { Client } from '../../client/port.ts';
import type { NetworkNamespaces } from '../../kernel/netns/port.ts';
import { createSockets } from '../../kernel/sockets/sockets.ts';
import { backupRoutes } from '../../lab/backup-routes.ts';
import { ensureObjects } from '../../lab/ensure.ts';
import { createPodStreams } from '../../lab/pod-streams.ts';
import { labPlaces } from '../../lab/options.ts';
import { customObjects, systemObjects } from '../../lab/system-objects.ts';
import { apiPort } from '../../lab/system-services.ts';
import { systemClock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { machineNetns } from '../../model/fabric/default-fabric.ts';
import { familiesOfNetwork, primaryServiceCidr } from '../../model/network/config.ts';
import { labControlAddress } from '../../model/network/lab-addresses.ts';
import { openAround } from './around-client.ts';
import { openAuditLog } from './audit-log.ts';
import { clientMetrics } from '../client-metrics.ts';
import type { LabApi } from './lab-api.ts';
import { writeNodeTokens } from '../node-tokens.ts';
import { ownDoor } from '../own-door.ts';
import type { Role } from '../role.ts';

/** Serves the API of a lab that has none from elsewhere, on loopback and on the fabric's control machine. */
export async function serveOwnApi(role: Role, namespaces: NetworkNamespaces): Promise<LabApi> {
  const { paths, options, log, expose } = role;
  const sockets = createSockets({ namespaces });
  const places = labPlaces(options);
  const { config } = options;
  const families = familiesOfNetwork(config);

  await nextTurn();
  const credentials = createCredentials({
    directory: paths.credentials,
    hosts: [
      kubernetesAddress(primaryServiceCidr(config)),
      ...families.map((family) => labControlAddress(family, options.ordinal)),
    ],
    users: [...Object.values(componentUsers).map(userNamed), ...places.map(({ name }) => nodeUser(name))],
  });
  await nextTurn();
  const store = createStore({ path: paths.store, onBroken: (failure) => endSoon(log, failure) });
  await loadRooms();
  const { createApiServer } = await import('../../apiserver/server.ts');
  await nextTurn();
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

  const around = await openAround(role);
  await nextTurn();
  const { createControllers } = await import('../../controllers/controllers.ts');

  return {
    client: clientOf('fabric'),
    async open() {
      await ensureObjects(clients.as(token), systemObjects(places, options));
      await ensureObjects(clients.as(token), customObjects(options));
      for (const family of families) {
        await server.listen({
          fd: sockets.listen(machineNetns.control, { protocol: 'tcp', port: apiPort, family }),
        });
      }
      // Everybody waits for the kubeconfig: it is written when what it promises is there.
      writeNodeTokens(paths.nodeTokens, credentials, places);
      for (const user of ['agents', 'dns', 'controllers'] as const) {
        credentials.writeUserKubeconfig(paths.ownKubeconfig(user), { user: componentUsers[user], port });
      }
      credentials.writeKubeconfig(paths.kubeconfig, { name: `weft-${options.name}`, port });
    },
    controllers: createControllers({
      client: clientOf('controllers'),
      clock: systemClock,
      log,
      config,
      rootCa: access.ca,
      ...(around !== undefined && { around: around.context }),
    }),
    routes: backupRoutes({ server, store, nodes: places.map(({ name }) => name) }),
    async close() {
      await clients.close();
      await around?.close();
      await server.close();
      store.close();
    },
  };
}

/** What the API server needs, room by room: it is half of the program, and what else is due waits for one of them only. */
async function loadRooms(): Promise<void> {
  const rooms = [
    () => import('../../api/validate/validate.ts'),
    () => import('../../apiserver/policies/policies.ts'),
    () => import('../../apiserver/admission/admission.ts'),
    () => import('../../apiserver/handler.ts'),
  ];
  for (const load of rooms) {
    await nextTurn();
    await load();
  }
  await nextTurn();
}

/** What the disk holds shows when the file is opened anew: by the process that comes after this one. */
function endSoon(log: Log, failure: unknown): void {
  log.error({ error: messageOf(failure) }, 'the store is broken');
  // Those who wait hear of it first.
  setTimeout(() => process.exit(1), 500);
}

function userNamed(name: string): User {
  return { name, groups: [] };
}
