import type { NetworkNamespaces } from '../netns/port.ts';
import type { LoggedPacket, PacketLog } from './log-port.ts';

/** A packet log that tests feed. */
export interface FakePacketLog extends PacketLog {
  /** A rule `log group` saw a packet: it is delivered if anybody listens. */
  log(group: number, packet: LoggedPacket): void;
  /** The kernel dropped packets. */
  overrun(): void;
}

/** With `namespaces`, names that are not there throw as in the real adapter; without, any name is good. */
export function createFakePacketLog(
  dependencies: { readonly namespaces?: Pick<NetworkNamespaces, 'open'> } = {},
): FakePacketLog {
  const groups = new Map<string, Set<number>>();
  let callback: (packet: LoggedPacket) => void = () => {};
  let overruns = 0;
  return {
    get overruns() {
      return overruns;
    },
    listen(namespace, group) {
      dependencies.namespaces?.open(namespace);
      groups.set(namespace, (groups.get(namespace) ?? new Set()).add(group));
    },
    forget: (namespace) => void groups.delete(namespace),
    onPacket(next) {
      callback = next;
    },
    log(group, packet) {
      if (groups.get(packet.namespace)?.has(group) === true) callback(packet);
    },
    overrun: () => void overruns++,
    close: async () => groups.clear(),
  };
}
