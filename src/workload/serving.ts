import { WeftError } from '../lib/errors.ts';
import type { Service } from '../lib/lifecycle.ts';
import type { Log } from '../lib/log.ts';
import type { RpcHandler, RpcUpgrade } from '../lib/rpc-port.ts';
import { createRpcServer } from '../lib/rpc.ts';
import { decodePodServing } from './pod-serving.ts';
import type { PodServer } from './port.ts';

export interface ServingServerOptions {
  /** Path of the unix socket. */
  readonly path: string;
  readonly pods: PodServer;
  /** What is served besides: see `streamUpgrades`. */
  readonly upgrades?: Readonly<Record<string, RpcUpgrade>>;
  readonly log: Log;
}

/** Serves the contract of `port.ts` on a unix socket. */
export function createServingServer({ pods, ...options }: ServingServerOptions): Service {
  return createRpcServer({ ...options, routes: servingRoutes(pods) });
}

function servingRoutes(pods: PodServer): Readonly<Record<string, RpcHandler>> {
  return {
    async 'PUT /pods/:uid'({ parameters, body }) {
      const pod = decodePodServing(body);
      if (pod.uid !== parameters['uid']) {
        throw new WeftError('pod-serving-invalid', 'uid differs from the path', { fault: 'input' });
      }
      return { body: { bound: await pods.serve(pod) } };
    },
    async 'DELETE /pods/:uid'({ parameters }) {
      await pods.unserve(parameters['uid'] ?? '');
      return {};
    },
    'GET /pods': () => ({ body: pods.list() }),
  };
}
