import { WeftError } from '../../lib/errors.ts';
import { broadcastMac, decodeFrame } from '../../wire/ethernet/frame.ts';
import type { FrameOptions, Frames, FrameSocket } from './port.ts';

/** A segment in memory: links that hear each other's frames, in the next microtask. */
export interface FakeSegment extends Frames {
  /** Plugs a link in. */
  attach(namespace: string, link: string, mac: string): void;
  /** Cuts a link's cable, or mends it. */
  cut(namespace: string, link: string, isCut?: boolean): void;
  /** Nobody reads what has come in, until `isStalled` is false. */
  stall(isStalled: boolean): void;
  /** Called with every frame that is sent, whether anybody hears it or not. */
  onSent(callback: (namespace: string, frame: Uint8Array) => void): void;
}

interface Port {
  readonly namespace: string;
  readonly mac: string;
  isCut: boolean;
  readonly sockets: Set<FrameOptions & { readonly groups: Set<string> }>;
}

export function createFakeSegment(): FakeSegment {
  const ports = new Map<string, Port>();
  const sent: ((namespace: string, frame: Uint8Array) => void)[] = [];
  /** What is to be read, in order; kept while nobody reads. */
  let unread: (() => void)[] = [];
  let isStalled = false;
  const readSoon = (): void =>
    queueMicrotask(() => {
      if (isStalled) return;
      const all = unread;
      unread = [];
      for (const read of all) read();
    });
  const whenRead = (read: () => void): void => {
    unread.push(read);
    readSoon();
  };
  const portOf = (namespace: string, link: string): Port => {
    const port = ports.get(`${namespace} ${link}`);
    if (port === undefined) throw new WeftError('frames-refused', `link ${link}: ioctl: ENODEV`);
    return port;
  };

  const deliver = (from: Port, bytes: Uint8Array): void => {
    const frame = decodeFrame(bytes);
    if (frame === undefined || from.isCut) return;
    for (const port of ports.values()) {
      if (port === from || port.isCut) continue;
      for (const socket of port.sockets) {
        const isFor = [broadcastMac, port.mac, ...socket.groups].includes(frame.destination);
        if (isFor && socket.etherType === frame.etherType) socket.onFrame(Uint8Array.from(bytes));
      }
    }
  };

  return {
    attach(namespace, link, mac) {
      ports.set(`${namespace} ${link}`, { namespace, mac, isCut: false, sockets: new Set() });
    },
    cut(namespace, link, isCut = true) {
      portOf(namespace, link).isCut = isCut;
    },
    stall(stalled) {
      isStalled = stalled;
      readSoon();
    },
    caughtUp: whenRead,
    onSent: (callback) => void sent.push(callback),
    open(namespace, link, options): FrameSocket {
      const port = portOf(namespace, link);
      const socket = { ...options, groups: new Set<string>() };
      port.sockets.add(socket);
      return {
        mac: port.mac,
        send(bytes) {
          if (!port.sockets.has(socket)) return false;
          for (const callback of sent) callback(port.namespace, bytes);
          const copy = Uint8Array.from(bytes);
          whenRead(() => deliver(port, copy));
          return !port.isCut;
        },
        join: (groupMac) => void socket.groups.add(groupMac),
        close: () => void port.sockets.delete(socket),
      };
    },
  };
}
