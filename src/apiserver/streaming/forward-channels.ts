import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { messageOf } from '../../lib/errors.ts';
import { bytesOf, sendSlowly } from './messages.ts';

/** Connects to a port of a pod. */
export type Connect = (port: number) => Promise<Duplex>;

/**
 * Ports as channels of one WebSocket: the data of the i-th is channel 2i, what goes wrong with it 2i + 1. Each begins
 * with the port's number, in two bytes, the lower one first. There is one connection to each port.
 */
export async function forwardChannels(
  socket: WebSocket,
  ports: readonly number[],
  connect: Connect,
): Promise<void> {
  // Nothing is read, and so nothing held, before there is somebody to hand it to.
  socket.pause();
  const connections = await Promise.all(
    ports.map((port, index) => openChannel(socket, connect, [index, port])),
  );
  socket.on('message', (data) => {
    const message = bytesOf(data);
    const channel = message[0] ?? 0;
    const connection = channel % 2 === 0 ? connections[channel / 2] : undefined;
    if (connection === undefined || connection.write(message.subarray(1))) return;
    socket.pause();
    connection.once('drain', () => socket.resume());
  });
  const closeWhenDone = (): void => {
    if (connections.every((one) => one?.destroyed !== false)) socket.close(1000);
  };
  for (const connection of connections) {
    connection?.once('close', () => {
      socket.resume();
      closeWhenDone();
    });
  }
  const leave = (): void => {
    for (const connection of connections) connection?.destroy();
  };
  socket.once('close', leave);
  if (socket.readyState === socket.OPEN) socket.resume();
  else leave();
}

/** Undefined for a port that nobody answers on, which the client is told. */
async function openChannel(
  socket: WebSocket,
  connect: Connect,
  [index, port]: readonly [number, number],
): Promise<Duplex | undefined> {
  const [data, errors] = [2 * index, 2 * index + 1];
  for (const channel of [data, errors]) socket.send(Buffer.from([channel, port & 255, port >> 8]));
  try {
    const connection = await connect(port);
    connection.on('error', () => connection.destroy());
    connection.on('data', (chunk: Buffer) => sendSlowly(socket, connection, [data, chunk]));
    return connection;
  } catch (thrown) {
    const text = `error forwarding port ${port} to the pod: ${messageOf(thrown)}`;
    socket.send(Buffer.concat([Buffer.from([errors]), Buffer.from(text)]));
    return undefined;
  }
}
