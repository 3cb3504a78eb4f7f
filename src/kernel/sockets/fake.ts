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

export interface FakeSockets extends Sockets {
  /** Descriptors that are open: what a test left behind. */
  readonly open: number;
}

interface Socket {
  readonly namespace: string;
  readonly protocol: ConnectOptions['protocol'];
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
const protocolUnreachable = { type: 3, code: 2, errno: 'ENOPROTOOPT' } as const;

/** Sockets of a network in memory, with the kernel's checks. Descriptors are numbers that nothing else accepts. */
export function createFakeSockets(options: FakeSocketsOptions): FakeSockets {
  return new MemorySockets(options);
}

class MemorySockets implements FakeSockets {
  readonly #options: FakeSocketsOptions;
  readonly #sockets = new Map<number, Socket>();
  #nextFd = firstFd;

  constructor(options: FakeSocketsOptions) {
    this.#options = options;
  }

  get open(): number {
    return this.#sockets.size;
  }

  listen(namespace: string, { protocol, port, address }: ListenOptions): number {
    const addresses = this.#addressesOf(namespace);
    if (address !== undefined && !addresses.includes(address)) {
      throw new WeftError('socket-refused', `${address} is not an address of the namespace`);
    }
    return this.#add({ namespace, protocol, localPort: port, localAddress: address, peer: undefined });
  }

  connect(namespace: string, peer: ConnectOptions): number {
    this.#addressesOf(namespace);
    if (parseAddress(peer.address) === undefined) {
      throw new WeftError('socket-refused', `${peer.address} is not an address`, { fault: 'input' });
    }
    if (!Object.values(this.#options.addresses).some((owned) => owned.includes(peer.address))) {
      throw new WeftError('socket-unreachable', `no route to ${peer.address}`);
    }
    const { protocol, sourcePort: localPort = this.#freePort(namespace, protocol) } = peer;
    const fd = this.#add({ namespace, protocol, localPort, localAddress: undefined, peer });
    if (protocol === 'tcp') this.#deliver(this.#socketOf(fd), peer);
    return fd;
  }

  listenSctp(namespace: string): number {
    this.#addressesOf(namespace);
    return this.#add({
      namespace,
      protocol: 'sctp',
      localPort: 0,
      localAddress: undefined,
      peer: undefined,
    });
  }

  answer(fd: number): void {
    this.#socketOf(fd);
  }

  send(fd: number, data: Uint8Array): Sent {
    const socket = this.#socketOf(fd);
    const { peer } = socket;
    const failure = takeFailure(socket);
    if (failure !== undefined && peer?.protocol !== 'sctp') return failure;
    if (peer === undefined) return { kind: 'failed', errno: 'EDESTADDRREQ' };
    if (!this.#deliver(socket, peer)) return { kind: peer.protocol === 'tcp' ? 'later' : 'sent' };
    const answer = this.#options.answer?.(peer, data);
    if (answer !== undefined) socket.inbox.push(answer);
    return { kind: 'sent' };
  }

  receive(fd: number): Received {
    const socket = this.#socketOf(fd);
    const data = socket.inbox.shift();
    if (data !== undefined) return { kind: 'data', data };
    return (socket.protocol === 'sctp' ? undefined : takeFailure(socket)) ?? { kind: 'nothing' };
  }

  icmpError(fd: number): IcmpError | undefined {
    const socket = this.#socketOf(fd);
    const error = socket.errors.shift();
    if (error !== undefined) socket.failure = undefined;
    return error;
  }

  close(fd: number): void {
    this.#socketOf(fd);
    this.#sockets.delete(fd);
  }

  /** False when it never arrives; then the socket may have an error pending. */
  #deliver(socket: Socket, peer: ConnectOptions): boolean {
    const obstacle = this.#options.onTheWay?.(peer) ?? this.#refusal(peer);
    if (obstacle === undefined) return true;
    if (obstacle === 'drop') return false;
    if (obstacle !== 'reset') socket.errors.push(obstacle);
    socket.failure = { kind: 'failed', errno: obstacle === 'reset' ? 'ECONNREFUSED' : obstacle.errno };
    return false;
  }

  #refusal(peer: ConnectOptions): 'reset' | IcmpError | undefined {
    if (this.#isListening(peer)) return undefined;
    if (peer.protocol === 'tcp') return 'reset';
    const error = peer.protocol === 'udp' ? portUnreachable : protocolUnreachable;
    return { offender: peer.address, ...error };
  }

  #isListening({ protocol, address, port }: ConnectOptions): boolean {
    return [...this.#sockets.values()].some(
      (socket) =>
        socket.peer === undefined &&
        socket.protocol === protocol &&
        (protocol === 'sctp' || socket.localPort === port) &&
        (socket.localAddress ?? address) === address &&
        this.#addressesOf(socket.namespace).includes(address),
    );
  }

  #add(socket: Omit<Socket, 'inbox' | 'errors' | 'failure'>): number {
    if (socket.protocol !== 'sctp' && this.#isTaken(socket.namespace, socket.protocol, socket.localPort)) {
      throw new WeftError('socket-in-use', `${socket.protocol} port ${socket.localPort} is taken`);
    }
    this.#sockets.set(this.#nextFd, { ...socket, inbox: [], errors: [], failure: undefined });
    return this.#nextFd++;
  }

  #isTaken(namespace: string, protocol: string, port: number): boolean {
    return [...this.#sockets.values()].some(
      (socket) => socket.namespace === namespace && socket.protocol === protocol && socket.localPort === port,
    );
  }

  #freePort(namespace: string, protocol: string): number {
    let port = firstEphemeralPort;
    while (this.#isTaken(namespace, protocol, port)) port++;
    return port;
  }

  #socketOf(fd: number): Socket {
    const socket = this.#sockets.get(fd);
    if (socket === undefined) throw new WeftError('syscall-failed', `descriptor ${fd} is not open`);
    return socket;
  }

  #addressesOf(namespace: string): readonly string[] {
    const addresses = this.#options.addresses[namespace];
    if (addresses === undefined) throw new WeftError('netns-missing', `no namespace ${namespace}`);
    return addresses;
  }
}

function takeFailure(socket: Socket): SocketFailure | undefined {
  const { failure } = socket;
  socket.failure = undefined;
  return failure;
}
