import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { createClient } from '../../client/http/client.ts';
import type { Client } from '../../client/port.ts';
import { createLedControllers } from '../../controllers/leader/led-controllers.ts';
import type { LabCluster } from '../../lab/options.ts';
import { systemClock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import type { Service } from '../../lib/lifecycle.ts';
import { clientMetrics } from '../client-metrics.ts';
import type { LabApi } from './lab-api.ts';
import { markingClient } from '../marking-client.ts';
import { keepOwnTokens } from '../own-tokens.ts';
import type { Role } from '../role.ts';
import { serverAccess } from '../server-access.ts';

/** A cluster's API server, with the controllers that it does not have itself: those act while no others of Weft do. */
export async function useClusterApi(
  { paths, options, log, expose }: Role,
  { controllers: only }: LabCluster,
): Promise<LabApi> {
  const access = await serverAccess(paths, options, paths.ownKubeconfig('control'));
  const connect = (): Client =>
    markingClient(createClient({ ...access, clock: systemClock, log, fieldManager: 'weft-lab' }), options);
  const own = createClient({ ...access, clock: systemClock, log });
  const client = markingClient(own, options);
  expose(() => clientMetrics(own.counts()));
  const tokens = keepOwnTokens('control', { client, paths, options, log });
  const { ca } = access;
  const controllers =
    only.length === 0
      ? none
      : createLedControllers({
          client,
          connect,
          clock: systemClock,
          log,
          config: options.config,
          ...(ca !== undefined && { rootCa: ca }),
          lease: { namespace: 'kube-system', name: 'weft-controllers' },
          identity: `${hostname()}_${randomBytes(8).toString('hex')}`,
          only,
        });
  const refuse = (): never => {
    throw new WeftError('api-not-own', "the API server is not the lab's own", {
      fault: 'input',
      hint: 'back it up and restore it where it runs',
    });
  };
  return {
    client,
    open: () => Promise.resolve(),
    controllers,
    routes: { 'POST /backup': refuse, 'POST /restore': refuse },
    async close() {
      await tokens.stop();
      await own.close();
    },
  };
}

const none: Service = { start: () => Promise.resolve(), stop: () => Promise.resolve() };
