import type { Duplex } from 'node:stream';
import type { ApiRequest, ApiResponse } from '../http/messages.ts';
import type { Api } from '../port.ts';
import type { Target } from '../routes.ts';
import { badRequest, StatusError } from '../status.ts';
import { execOverSpdy } from './exec-spdy.ts';
import { streamsWanted } from './exec-streams.ts';
import { execOverWebSocket } from './exec-websocket.ts';
import { opened, podOf, streamsOf } from './pod.ts';
import { spdyProtocol } from './spdy/upgrade.ts';
import { webSocketProtocol, webSockets } from './websocket.ts';

/** Version 5 lets a client end its input; both tell how the program ended. */
const webSocketProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const spdyProtocols = ['v4.channel.k8s.io'];

/** GET or POST of a pod's `exec` (core/v1 PodExecOptions): runs a program in the pod's network. */
export async function execInPod(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  const { query } = request;
  const { place } = podOf(api, target, query.get('container'));
  const command = query.getAll('command');
  const streams = streamsWanted(query);
  if (command.length === 0) throw badRequest('you must specify at least one command for the container');
  const older = spdyProtocol(request, spdyProtocols);
  const protocol = older ?? webSocketProtocol(request, webSocketProtocols);
  if (protocol === undefined) throw badRequest('Upgrade request required');
  const accept = await webSockets();
  const program = await opened(streamsOf(api).exec(place, { command, terminal: streams.tty }));
  program.on('error', () => program.destroy());
  if (older !== undefined) return leaving(program, execOverSpdy(older, program, streams));
  return leaving(program, {
    status: 101,
    headers: {},
    upgrade(raw) {
      void accept(raw, protocol).then((socket) => execOverWebSocket(socket, program, streams));
    },
  });
}

/** The program ends with the connection, however far that came. */
function leaving(program: Duplex, response: ReturnType<typeof execOverSpdy>): ApiResponse {
  return {
    ...response,
    upgrade(raw) {
      if (raw.socket.destroyed) program.destroy();
      raw.socket.once('close', () => program.destroy());
      response.upgrade(raw);
    },
  };
}

/** GET or POST of a pod's `attach`: a stand-in is no process that could be attached to. */
export function refuseAttach(api: Api, target: Target, { query }: ApiRequest): never {
  const { place } = podOf(api, target, query.get('container'));
  const message = `pod ${place.name} is a stand-in without a process to attach to; see kubectl logs, or run a program with kubectl exec`;
  throw new StatusError(501, 'NotImplemented', message, {});
}
