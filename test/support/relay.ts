import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A port of loopback that leads to another one, until it is told not to. */
export interface Relay {
  readonly port: number;
  /** Nobody answers there any more, and every connection ends. */
  cut(): Promise<void>;
  /** The same port leads on again. */
  mend(): Promise<void>;
}

export async function startRelay(target: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const follow = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const listen = (port: number): Promise<Server> =>
    new Promise((resolve, reject) => {
      const server = createServer((client) => {
        const onward = connect(target, '127.0.0.1');
        for (const [socket, other] of [
          [client, onward],
          [onward, client],
        ] as const) {
          follow(socket);
          socket.on('close', () => other.destroy());
          socket.pipe(other);
        }
      });
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => resolve(server));
    });
  let server: Server | undefined = await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async cut() {
      const ending = server;
      server = undefined;
      const closed = new Promise((resolve) => ending?.close(resolve));
      for (const socket of sockets) socket.destroy();
      if (ending !== undefined) await closed;
    },
    async mend() {
      server ??= await listen(port);
    },
  };
}
