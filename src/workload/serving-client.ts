import { rpcCall } from '../lib/rpc-client.ts';
import { decodePodServing } from './pod-serving.ts';
import type { PodServer } from './port.ts';

/** A `PodServer` in another process, as `createServingServer` offers it; listing asks that process as well. */
export interface ServingClient extends Omit<PodServer, 'list'> {
  list(): Promise<ReturnType<PodServer['list']>>;
}

/** Calls throw what the server threw, or `rpc-unreachable`. Connections are made per call and kept for the next. */
export function createServingClient(socketPath: string): ServingClient {
  const urlOf = (uid: string): string => `/pods/${encodeURIComponent(uid)}`;
  return {
    async serve(pod) {
      const reply = (await rpcCall(socketPath, 'PUT', urlOf(pod.uid), pod)) as {
        bound: typeof pod.listeners;
      };
      return [...reply.bound];
    },
    async unserve(uid) {
      await rpcCall(socketPath, 'DELETE', urlOf(uid));
    },
    async list() {
      const reply = await rpcCall(socketPath, 'GET', '/pods');
      return (reply as unknown[]).map(decodePodServing);
    },
  };
}
