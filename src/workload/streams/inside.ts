import type { Server, Socket } from 'node:net';
import type { Sockets } from '../../kernel/sockets/port.ts';
import { familyOf } from '../../lib/address.ts';
import { connectInside, type ConnectionEnds } from './connect-inside.ts';

/** TCP inside namespaces, for servers and connections of this process. */
export interface Inside {
  /** Has a server listen there, at a literal address. Throws as `Sockets.listen`. */
  listen(netns: string, at: ListeningAddress, server: Server): void;
  /** A connection, once it stands. Rejects as `connectInside`. */
  connect(ends: ConnectionEnds): Promise<Socket>;
}

export interface ListeningAddress {
  readonly address: string;
  readonly port: number;
}

export function createInside(sockets: Sockets): Inside {
  return {
    listen(netns, { address, port }, server) {
      const fd = sockets.listen(netns, { protocol: 'tcp', port, address, family: familyOf(address) });
      server.listen({ fd });
    },
    connect: (ends) => connectInside(sockets, ends),
  };
}
