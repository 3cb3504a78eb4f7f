import { dirname } from 'node:path';
import { createClient } from '../../client/http/client.ts';
import type { ServerAccess } from '../../client/http/options.ts';
import type { Client } from '../../client/port.ts';
import type { ControllerContext } from '../../controllers/controller.ts';
import { labOfCluster } from '../../lab/names.ts';
import { readLabOptions } from '../../lab/options.ts';
import { labPaths, type LabPaths } from '../../lab/paths.ts';
import { systemClock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { modelTraits } from '../../model/network/models.ts';
import type { Role } from '../role.ts';
import { serverAccess } from '../server-access.ts';

/** How often it is read how the first cluster is reached: one that is started anew has new credentials. */
const lookMs = 2_000;

export interface AroundApi {
  readonly context: NonNullable<ControllerContext['around']>;
  close(): Promise<void>;
}

/** The API server that describes the segment which a further cluster of a lab is on; undefined in the first. */
export async function openAround({
  paths,
  options,
  log,
}: Pick<Role, 'paths' | 'options' | 'log'>): Promise<AroundApi | undefined> {
  const first = labOfCluster(paths.name);
  const { ordinal } = options;
  if (first === undefined || ordinal === undefined) return undefined;
  if (modelTraits[options.config.model].world !== 'segment') return undefined;
  const api = await openFirst(labPaths(dirname(paths.directory), first), log);
  const cluster = paths.name.slice(first.length + 1);
  return { context: { client: api.client, cluster, ordinal }, close: () => api.close() };
}

async function openFirst(
  paths: LabPaths,
  log: Log,
): Promise<{ readonly client: Client; close(): Promise<void> }> {
  const read = (): Promise<ServerAccess> =>
    serverAccess(paths, readLabOptions(paths.options), paths.ownKubeconfig('controllers'));
  let access = await read();
  const look = (): void => {
    cancel = systemClock.after(lookMs, look);
    read().then(
      (now) => (access = now),
      (error: unknown) => log.debug({ error: messageOf(error) }, 'the first cluster is not there'),
    );
  };
  let cancel = systemClock.after(lookMs, look);
  const { server } = access;
  const client = createClient({
    server,
    socketPath: paths.socket('api'),
    get ca() {
      return access.ca ?? '';
    },
    token() {
      const { token = '' } = access;
      return typeof token === 'string' ? token : token();
    },
    clock: systemClock,
    log,
  });
  return {
    client,
    close() {
      cancel();
      return client.close();
    },
  };
}
