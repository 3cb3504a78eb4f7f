import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { messageOf } from '../../lib/errors.ts';
import { bytesOf, sendSlowly } from './messages.ts';
import type { Connect } from './port-forward.ts';

/**
 * Ports as channels of one WebSocket: the data of the i-th is channel 2i, what goes wrong with it 2i + 1. Each begins
 * with the port's number, in two bytes, the lower one first. There is one connection to each port.
 */
export async function forwardChannels(
  socket: WebSocket,
  ports: readonly number[],
  connect: Connect,
): Promise<void> {
  const connections: (Duplex | undefined)[] = [];
  const waiting: { channel: number; payload: Buffer }[] = [];
  const deliver = (channel: number, payload: Buffer): void => {
    const connection = channel % 2 === 0 ? connections[channel / 2] : undefined;
    if (connection === undefined || connection.write(payload)) return;
    socket.pause();
    connection.once('drain', () => socket.resume());
  };
  let isReady = false;
  socket.on('message', (data) => {
    const message = bytesOf(data);
    const [channel, payload] = [message[0] ?? 0, message.subarray(1)];
    if (isReady) deliver(channel, payload);
    else waiting.push({ channel, payload });
  });
  const close = (): void => {
    for (const connection of connections) connection?.destroy();
  };
  socket.once('close', close);
  for (const [index, port] of ports.entries()) {
    for (const channel of [2 * index, 2 * index + 1])
      socket.send(Buffer.from([channel, port & 255, port >> 8]));
    try {
      const connection = await connect(port);
      connections[index] = connection;
      connection.on('error', () => connection.destroy());
      connection.on('data', (chunk: Buffer) => sendSlowly(socket, connection, [2 * index, chunk]));
      connection.once('close', () => {
        if (connections.every((one) => one?.destroyed !== false)) socket.close(1000);
      });
    } catch (thrown) {
      const text = `error forwarding port ${port} to the pod: ${messageOf(thrown)}`;
      socket.send(Buffer.concat([Buffer.from([2 * index + 1]), Buffer.from(text)]));
    }
  }
  isReady = true;
  for (const { channel, payload } of waiting.splice(0)) deliver(channel, payload);
  if (socket.readyState !== socket.OPEN) close();
}
