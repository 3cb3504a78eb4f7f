import { parseAddress } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import type {
  ConnectOptions,
  IcmpError,
  ListenOptions,
  Received,
  Sent,
  SocketFailure,
  Sockets,
} from './port.ts';

export interface FakeSocketsOptions {
  /** Addresses of every namespace, by pin's name. They all reach each other; nothing else has a route. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  /** What happens on the way: `drop`, or an ICMP error by somebody. Undefined lets it through. */
  readonly onTheWay?: (packet: ConnectOptions) => 'drop' | IcmpError | undefined;
  /** What a listener answers to what it got; nothing when undefined. */
  readonly answer?: (connection: ConnectOptions, data: Uint8Array) => Uint8Array | undefined;
}

interface Socket {
  readonly namespace: string;
  readonly protocol: 'tcp' | 'udp';
  readonly localPort: number;
  readonly localAddress: string | undefined;
  readonly peer: ConnectOptions | undefined;
  readonly inbox: Uint8Array[];
  readonly errors: IcmpError[];
  failure: SocketFailure | undefined;
}

const firstFd = 1000;
const firstEphemeralPort = 32768;
const portUnreachable = { type: 3, code: 3, errno: 'ECONNREFUSED' } as const;

/** Sockets of a network in memory, with the kernel's checks. Descriptors are numbers that nothing else accepts. */
export function createFakeSockets(options: FakeSocketsOptions): Sockets & { readonly open: number } {
  const sockets = new Map<number, Socket>();
  let nextFd = firstFd;

  function socketOf(fd: number): Socket {
    const socket = sockets.get(fd);
    if (socket === undefined) throw new WeftError('syscall-failed', `descriptor ${fd} is not open`);
    return socket;
  }

  function requireNamespace(namespace: string): readonly string[] {
    const addresses = options.addresses[namespace];
    if (addresses === undefined) throw new WeftError('netns-missing', `no namespace ${namespace}`);
    return addresses;
  }

  function isTaken(namespace: string, protocol: string, port: number): boolean {
    return [...sockets.values()].some(
      (socket) => socket.namespace === namespace && socket.protocol === protocol && socket.localPort === port,
    );
  }

  function freePort(namespace: string, protocol: string): number {
    let port = firstEphemeralPort;
    while (isTaken(namespace, protocol, port)) port++;
    return port;
  }

  function add(socket: Omit<Socket, 'inbox' | 'errors' | 'failure'>): Socket {
    if (isTaken(socket.namespace, socket.protocol, socket.localPort)) {
      throw new WeftError('socket-in-use', `${socket.protocol} port ${socket.localPort} is taken`);
    }
    const added = { ...socket, inbox: [], errors: [], failure: undefined };
    sockets.set(nextFd++, added);
    return added;
  }

  const isListening = (to: ConnectOptions): boolean =>
    [...sockets.values()].some(
      ({ namespace, protocol, localPort, localAddress, peer }) =>
        peer === undefined &&
        protocol === to.protocol &&
        localPort === to.port &&
        (localAddress ?? to.address) === to.address &&
        options.addresses[namespace]?.includes(to.address),
    );

  function deliver(socket: Socket, peer: ConnectOptions): 'lost' | 'delivered' {
    const obstacle = options.onTheWay?.(peer);
    if (obstacle === 'drop') return 'lost';
    const icmp = obstacle ?? (isListening(peer) ? undefined : refusal(peer));
    if (icmp === undefined) return 'delivered';
    if (icmp !== 'reset') socket.errors.push(icmp);
    socket.failure = { kind: 'failed', errno: icmp === 'reset' ? 'ECONNREFUSED' : icmp.errno };
    return 'lost';
  }

  function takeFailure(socket: Socket): SocketFailure | undefined {
    const { failure } = socket;
    socket.failure = undefined;
    return failure;
  }

  return {
    get open() {
      return sockets.size;
    },
    listen(namespace, listening) {
      const addresses = requireNamespace(namespace);
      requireLocal(addresses, listening);
      add({
        namespace,
        protocol: listening.protocol,
        localPort: listening.port,
        localAddress: listening.address,
        peer: undefined,
      });
      return nextFd - 1;
    },
    connect(namespace, peer) {
      requireNamespace(namespace);
      if (parseAddress(peer.address) === undefined) {
        throw new WeftError('socket-refused', `${peer.address} is not an address`, { fault: 'input' });
      }
      if (!Object.values(options.addresses).some((owned) => owned.includes(peer.address))) {
        throw new WeftError('socket-unreachable', `no route to ${peer.address}`);
      }
      const { protocol, sourcePort = freePort(namespace, protocol) } = peer;
      const socket = add({ namespace, protocol, localPort: sourcePort, localAddress: undefined, peer });
      if (protocol === 'tcp') deliver(socket, peer);
      return nextFd - 1;
    },
    send(fd, data): Sent {
      const socket = socketOf(fd);
      const failure = takeFailure(socket);
      if (failure !== undefined) return failure;
      const { peer } = socket;
      if (peer === undefined) return { kind: 'failed', errno: 'EDESTADDRREQ' };
      if (deliver(socket, peer) === 'lost') return { kind: peer.protocol === 'tcp' ? 'later' : 'sent' };
      const answer = options.answer?.(peer, data);
      if (answer !== undefined) socket.inbox.push(answer);
      return { kind: 'sent' };
    },
    receive(fd): Received {
      const socket = socketOf(fd);
      const data = socket.inbox.shift();
      if (data !== undefined) return { kind: 'data', data };
      return takeFailure(socket) ?? { kind: 'nothing' };
    },
    icmpError(fd) {
      const socket = socketOf(fd);
      const error = socket.errors.shift();
      if (error !== undefined) socket.failure = undefined;
      return error;
    },
    close(fd) {
      socketOf(fd);
      sockets.delete(fd);
    },
  };
}

function refusal(peer: ConnectOptions): 'reset' | IcmpError {
  return peer.protocol === 'tcp' ? 'reset' : { offender: peer.address, ...portUnreachable };
}

function requireLocal(addresses: readonly string[], { address }: ListenOptions): void {
  if (address === undefined) return;
  if (parseAddress(address) === undefined || !addresses.includes(address)) {
    throw new WeftError('socket-refused', `${address} is not an address of the namespace`);
  }
}
