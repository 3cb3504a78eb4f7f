import type { ConnectOptions } from '../../kernel/sockets/port.ts';
import type { Denial } from '../port.ts';
import type { DenialSource } from './denial.ts';

export interface FakeDenials extends DenialSource {
  readonly subscribers: number;
  tell(denial: Denial): void;
  /** Tells of every packet of the list, also of those still to be added, as soon as it sees it. */
  answerTo(packets: readonly ConnectOptions[], denialOf: (packet: ConnectOptions) => Denial): void;
}

const lookMs = 1;

/** Evidence as a test wants it. */
export function createFakeDenials(): FakeDenials {
  const callbacks = new Set<(denial: Denial) => void>();
  const tell = (denial: Denial): void => {
    for (const callback of callbacks) callback(denial);
  };
  return {
    get subscribers() {
      return callbacks.size;
    },
    subscribe(callback) {
      callbacks.add(callback);
      return () => callbacks.delete(callback);
    },
    tell,
    answerTo(packets, denialOf) {
      let seen = 0;
      const timer = setInterval(() => {
        for (; seen < packets.length; seen++) {
          const packet = packets[seen];
          if (packet !== undefined) tell(denialOf(packet));
        }
      }, lookMs);
      timer.unref();
    },
  };
}

/** The denial of a packet as it was sent, or as `seen` says it was seen. */
export function denialOf(packet: ConnectOptions, seen: Partial<Denial> = {}): Denial {
  return {
    node: 'node-1',
    direction: 'ingress',
    pod: 'a/web',
    policies: ['a/deny'],
    protocol: packet.protocol === 'tcp' ? 'TCP' : 'UDP',
    source: '10.0.0.1',
    sourcePort: packet.sourcePort ?? 0,
    destination: packet.address,
    destinationPort: packet.port,
    ...seen,
  };
}
