import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { messageOf } from '../../lib/errors.ts';
import { splice } from '../../lib/splice.ts';
import type { ApiRequest, UpgradeResponse } from '../http/messages.ts';
import type { Api } from '../port.ts';
import type { Target } from '../routes.ts';
import { badRequest } from '../status.ts';
import { forwardChannels, type Connect } from './forward-channels.ts';
import { podOf, streamsOf } from './pod.ts';
import { serveSpdy, type SpdyStream } from './spdy/session.ts';
import { spdyProtocol, spdyUpgrade } from './spdy/upgrade.ts';
import { webSocketProtocol, webSockets } from './websocket.ts';

const inSpdy = 'portforward.k8s.io';
/** SPDY in the messages of a WebSocket (KEP-4006), and ports as channels of one, as most libraries have it. */
const tunnelled = `SPDY/3.1+${inSpdy}`;
const asChannels = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** GET or POST of a pod's `portforward`: connections from the client to ports of the pod's loopback. */
export async function forwardPorts(api: Api, target: Target, request: ApiRequest): Promise<UpgradeResponse> {
  const { place } = podOf(api, target);
  const streams = streamsOf(api);
  const connect: Connect = (port) => streams.connect(place, port);
  const older = spdyProtocol(request, [inSpdy]);
  if (older !== undefined) return spdyUpgrade(older, pairStreams(connect));
  const protocol = webSocketProtocol(request, [tunnelled, ...asChannels]);
  if (protocol === undefined) throw badRequest('Upgrade request required');
  const ports = protocol === tunnelled ? [] : portsOf(request.query);
  const accept = await webSockets();
  return {
    status: 101,
    headers: {},
    upgrade(raw) {
      void accept(raw, protocol).then((socket) =>
        protocol === tunnelled ? forwardStreams(socket, connect) : forwardChannels(socket, ports, connect),
      );
    },
  };
}

async function forwardStreams(socket: WebSocket, connect: Connect): Promise<void> {
  const { createWebSocketStream } = await import('ws');
  serveSpdy(createWebSocketStream(socket), pairStreams(connect));
}

/** A client opens two streams for a connection, of one request id: for its data, and for what goes wrong. */
function pairStreams(connect: Connect): (opened: SpdyStream) => void {
  const waiting = new Map<string, SpdyStream>();
  return (opened) => {
    const id = opened.headers.get('requestid') ?? '';
    const other = waiting.get(id);
    if (other === undefined) {
      waiting.set(id, opened);
      opened.stream.once('close', () => waiting.delete(id));
      return;
    }
    waiting.delete(id);
    const isData = opened.headers.get('streamtype') === 'data';
    const [data, errors] = isData ? [opened, other] : [other, opened];
    void forward(data, errors.stream, connect);
  };
}

async function forward(
  { headers, stream: data }: SpdyStream,
  errors: Duplex,
  connect: Connect,
): Promise<void> {
  errors.resume();
  const port = Number(headers.get('port'));
  try {
    const connection = await connect(port);
    connection.once('close', () => errors.end());
    splice(data, connection);
  } catch (thrown) {
    errors.end(`error forwarding port ${port} to the pod: ${messageOf(thrown)}`);
    data.resume();
    data.end();
  }
}

const mostPorts = 64;

function portsOf(query: URLSearchParams): number[] {
  const ports = query
    .getAll('ports')
    .flatMap((text) => text.split(','))
    .map(Number);
  const isPort = (port: number): boolean => Number.isInteger(port) && port > 0 && port < 65_536;
  if (ports.length > 0 && ports.length <= mostPorts && ports.every(isPort)) return ports;
  throw badRequest(`ports must be 1 to ${mostPorts} numbers of ports`);
}
