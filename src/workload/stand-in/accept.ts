import type { Server } from 'node:net';
import type { OpenListener } from '../pod-listeners.ts';
import type { ListenerContext } from './listener.ts';
import type { PodConnections } from './pod-connections.ts';

/** Of a port, of TCP. */
export type AcceptContext = ListenerContext & { readonly connections: PodConnections };

/** Has a server accept connections at the port inside the pod's namespace. Throws like `Sockets.listen`. */
export function acceptBy(
  server: Server,
  { sockets, listener, family, serving, connections }: AcceptContext,
): OpenListener {
  const fd = sockets.listen(serving().netns, { protocol: 'tcp', port: listener.port, family });
  // Accepting fails for a moment when descriptors run out; the listener stays.
  server.on('error', () => {});
  server.listen({ fd, backlog: 511 });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        connections.destroy(listener.port);
      }),
  };
}
