import { createSocket } from 'node:dgram';
import type { Sockets } from '../../kernel/sockets/port.ts';
import { familyOf } from '../../lib/address.ts';
import type { Clock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { connectInside } from '../../workload/streams/connect-inside.ts';
import { createMessageBuffer, framed } from '../framing.ts';

/** One question to one server. */
export interface Exchange<T> {
  /** Pin's name of the namespace to ask from. */
  readonly netns: string;
  /** A literal address. */
  readonly server: string;
  readonly query: Uint8Array;
  readonly timeoutMs: number;
  /** What a message says; undefined for one that is no answer to this query, after which others may still come. */
  readonly accept: (message: Uint8Array) => T | undefined;
}

/** Ways to ask a server. Both reject with `upstream-silent` or `upstream-refused`. */
export interface UpstreamTransport {
  /** From a port of its own that the kernel picks at random; datagrams of anybody else than the server are not seen. */
  udp<T>(exchange: Exchange<T>): Promise<T>;
  tcp<T>(exchange: Exchange<T>): Promise<T>;
}

export interface UpstreamTransportOptions {
  readonly sockets: Sockets;
  readonly clock: Clock;
  /** 53 when absent. */
  readonly port?: number;
}

export function createUpstreamTransport(options: UpstreamTransportOptions): UpstreamTransport {
  const { sockets, clock, port = 53 } = options;

  /** Calls `begin` with what ends the exchange, also when its time is up; `close` is called once in the end. */
  function exchange<T>(
    { server, timeoutMs }: Exchange<T>,
    begin: (end: Ending<T>) => () => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      let close = (): void => {};
      const over = (settle: () => void): void => {
        if (isOver) return;
        isOver = true;
        cancel();
        close();
        settle();
      };
      const cancel = clock.after(timeoutMs, () =>
        over(() => reject(new WeftError('upstream-silent', `${server} does not answer`))),
      );
      try {
        const opened = begin({
          answered: (value) => over(() => resolve(value)),
          refused: (cause) =>
            over(() => reject(new WeftError('upstream-refused', `${server} cannot be asked`, { cause }))),
        });
        if (isOver) opened();
        else close = opened;
      } catch (cause) {
        over(() => reject(new WeftError('upstream-refused', `${server} cannot be asked`, { cause })));
      }
    });
  }

  return {
    udp: (call) =>
      exchange(call, ({ answered, refused }) => {
        const { netns, server, query, accept } = call;
        const fd = sockets.connect(netns, { protocol: 'udp', address: server, port });
        const sent = sockets.send(fd, query);
        if (sent.kind === 'failed') {
          sockets.close(fd);
          throw new Error(sent.errno);
        }
        // The socket is connected already, which Node does not know: it is for receiving only.
        const socket = createSocket(familyOf(server) === 'IPv6' ? 'udp6' : 'udp4');
        socket.on('error', refused);
        socket.on('message', (message) => {
          const value = accept(message);
          if (value !== undefined) answered(value);
        });
        socket.bind({ fd });
        return () => socket.close();
      }),
    tcp: (call) =>
      exchange(call, ({ answered, refused }) => {
        const { netns, server, query, accept } = call;
        let isClosed = false;
        let end = (): void => {
          isClosed = true;
        };
        connectInside(sockets, { netns, addresses: [server], port }).then((socket) => {
          end = () => socket.destroy();
          if (isClosed) return end();
          const heard = createMessageBuffer();
          socket.on('error', refused);
          socket.once('close', () => refused(new Error('the connection ended')));
          socket.on('data', (chunk) => {
            heard.push(chunk);
            const message = heard.next();
            if (message === undefined) return;
            const value = accept(message);
            if (value === undefined) refused(new Error('an answer to something else'));
            else answered(value);
          });
          return void socket.write(framed(query));
        }, refused);
        return () => end();
      }),
  };
}

interface Ending<T> {
  readonly answered: (value: T) => void;
  readonly refused: (cause: unknown) => void;
}
