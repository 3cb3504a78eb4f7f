import { WeftError } from '../../lib/errors.ts';
import type { NetworkNamespaces } from '../netns/port.ts';
import { rawTuple } from './entry-codec.ts';
import type { Conntrack, ConntrackEntry } from './port.ts';

/** Connection tracking in memory: what tests put in is there, under the kernel's rules. */
export interface FakeConntrack extends Conntrack {
  /** A packet made an entry; it gets an id. Throws `conntrack-exists` when its original tuple is tracked. */
  track(namespace: string, entry: ConntrackEntry): ConntrackEntry;
}

/** With `namespaces`, names that are not there throw as in the real adapter; without, any name is good. */
export function createFakeConntrack(
  dependencies: { readonly namespaces?: Pick<NetworkNamespaces, 'open'> } = {},
): FakeConntrack {
  const tables = new Map<string, Map<string, ConntrackEntry>>();
  let lastId = 0;
  const tableOf = (namespace: string): Map<string, ConntrackEntry> => {
    dependencies.namespaces?.open(namespace);
    const table = tables.get(namespace) ?? new Map<string, ConntrackEntry>();
    tables.set(namespace, table);
    return table;
  };
  const setMark: Conntrack['setMark'] = (namespace, entry, { value, mask }) => {
    const table = tableOf(namespace);
    const key = keyOf(entry);
    const found = table.get(key);
    if (found === undefined) return false;
    table.set(key, { ...found, mark: ((found.mark & ~mask) | (value & mask)) >>> 0 });
    return true;
  };
  const list: Conntrack['list'] = (namespace, family) => {
    const all = [...tableOf(namespace).values()];
    return all.filter(({ original }) => original.source.includes(':') === (family === 'ip6'));
  };
  return {
    track(namespace, entry) {
      const table = tableOf(namespace);
      const key = keyOf(entry);
      if (table.has(key)) throw new WeftError('conntrack-exists', `${key} is tracked already`);
      const tracked = { ...entry, id: ++lastId };
      table.set(key, tracked);
      return tracked;
    },
    list,
    scan: list,
    setMark,
    setMarks: (namespace, entries, mark) => entries.filter((entry) => setMark(namespace, entry, mark)).length,
    delete(namespace, entry) {
      const table = tableOf(namespace);
      const key = keyOf(entry);
      const found = table.get(key);
      if (found === undefined || (entry.id !== undefined && entry.id !== found.id)) return false;
      return table.delete(key);
    },
    forget() {},
    close() {},
  };
}

function keyOf(entry: ConntrackEntry): string {
  const { source, destination, protocol, sourcePort, destinationPort, icmp } = rawTuple(entry);
  const ports = icmp === undefined ? [sourcePort, destinationPort] : [icmp.identifier, icmp.type, icmp.code];
  return [protocol, source, destination, ...ports].join(' ');
}
