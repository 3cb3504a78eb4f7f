import { resources, type Resource } from '../../api/resources.ts';
import { createClients, type Clients } from '../../client/http/client.ts';
import type { Client } from '../../client/port.ts';
import { systemClock } from '../../lib/clock.ts';
import { whenReady, type Role } from '../role.ts';
import { serverAccess } from '../server-access.ts';

/** The API server of a lab as its agents have it. */
export interface AgentsApi {
  readonly clients: Clients;
  /** The agents' own. */
  readonly client: Client;
}

/** What there may be thousands of, and nothing can be programmed without. */
const large: readonly Resource[] = [
  resources.endpointslices,
  resources.services,
  resources.pods,
  resources.nodes,
  resources.namespaces,
];

/**
 * Opens it as soon as it can be reached, and asks at once for what is listed first: the API server and this process have
 * a core each, and the one answers while the other loads its program.
 */
export async function openAgentsApi({ paths, options, log }: Role): Promise<AgentsApi> {
  const { token, ...access } = await whenReady(() =>
    serverAccess(paths, options, paths.ownKubeconfig('agents')),
  );
  const clients = createClients({ ...access, withoutManagedFields: true, clock: systemClock, log });
  const client = clients.as(token);
  for (const resource of large) client.informer(resource);
  return { clients, client };
}
