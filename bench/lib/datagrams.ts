import type { Sockets } from '../../src/kernel/sockets/port.ts';

/** One datagram from a socket of its own, so that nothing earlier decides about it. */
export interface Datagram {
  /** By `performance.now`, right before it was sent. */
  readonly sentAt: number;
  /** When the answer had arrived, to the millisecond; undefined when none did in time. */
  readonly answeredAt: number | undefined;
}

export interface StreamOptions {
  readonly sockets: Sockets;
  /** Pin's name of the sender's namespace. */
  readonly netns: string;
  readonly address: string;
  readonly port: number;
  /** How long an answer may take; 40 ms when absent. */
  readonly patienceMs?: number;
}

/** A datagram each millisecond, until it is closed. */
export interface DatagramStream {
  /** Those whose fate is known, in the order they were sent. */
  readonly judged: readonly Datagram[];
  close(): void;
}

/** Longer than any answer between stand-ins of an undisturbed lab takes. */
const usualPatienceMs = 40;

const intervalMs = 1;
const question = Buffer.from('there?\n');

interface Open {
  readonly fd: number;
  readonly sentAt: number;
  answeredAt: number | undefined;
}

/** Sends a datagram a millisecond, each from a new port, and notes which are answered. */
export function streamDatagrams(options: StreamOptions): DatagramStream {
  const { sockets, netns, address, port, patienceMs = usualPatienceMs } = options;
  const open: Open[] = [];
  const judged: Datagram[] = [];

  const listen = (): void => {
    const now = performance.now();
    for (const one of open) {
      if (one.answeredAt === undefined && sockets.receive(one.fd).kind === 'data') one.answeredAt = now;
    }
    for (let [first] = open; first !== undefined && isDecided(first, { now, patienceMs }); [first] = open) {
      open.shift();
      sockets.close(first.fd);
      judged.push({ sentAt: first.sentAt, answeredAt: first.answeredAt });
    }
  };
  const send = (): void => {
    const fd = sockets.connect(netns, { protocol: 'udp', address, port });
    const sentAt = performance.now();
    sockets.send(fd, question);
    open.push({ fd, sentAt, answeredAt: undefined });
  };
  const timer = setInterval(() => {
    listen();
    send();
  }, intervalMs);

  return {
    judged,
    close() {
      clearInterval(timer);
      for (const { fd } of open.splice(0)) sockets.close(fd);
    },
  };
}

function isDecided(
  { sentAt, answeredAt }: Open,
  { now, patienceMs }: { now: number; patienceMs: number },
): boolean {
  return answeredAt !== undefined || now - sentAt > patienceMs;
}
