import type { Duplex } from 'node:stream';
import type { ApiRequest, ApiResponse } from '../http/messages.ts';
import type { Api } from '../port.ts';
import type { Target } from '../routes.ts';
import { badRequest } from '../status.ts';
import { execOverSpdy } from './exec-spdy.ts';
import { streamsWanted, type ExecStreams } from './exec-streams.ts';
import { execOverWebSocket } from './exec-websocket.ts';
import { logAsProgram } from './log-as-program.ts';
import { opened, podOf, portsOf, streamsOf } from './pod.ts';
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
  return streamed(request, streams, () => streamsOf(api).exec(place, { command, terminal: streams.tty }));
}

/**
 * GET or POST of a pod's `attach` (core/v1 PodAttachOptions): what a stand-in says is its log, which is told from now on
 * until the pod goes. It reads nothing.
 */
export async function attachToPod(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  const { query } = request;
  const { place, container } = podOf(api, target, query.get('container'));
  const ports = portsOf(container);
  const wanted = { follow: true, timestamps: false, tail: 0, ports };
  return streamed(request, streamsWanted(query), async () =>
    logAsProgram(await streamsOf(api).log(place, wanted)),
  );
}

/** Hands a program's streams on to a client, in the protocol that it asks for. Throws 400 for none. */
async function streamed(
  request: ApiRequest,
  streams: ExecStreams,
  open: () => Promise<Duplex>,
): Promise<ApiResponse> {
  const older = spdyProtocol(request, spdyProtocols);
  const protocol = older ?? webSocketProtocol(request, webSocketProtocols);
  if (protocol === undefined) throw badRequest('Upgrade request required');
  const accept = await webSockets();
  const program = await opened(open());
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
