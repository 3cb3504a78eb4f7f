import { WeftError } from '../../lib/errors.ts';
import type { RawConntrackEntry, RawTuple } from '../../wire/nfnetlink/conntrack.ts';
import type { ConntrackEntry, ConntrackTuple } from './port.ts';

const icmpVersion6 = 58;

const protocols: ReadonlyMap<number, ConntrackEntry['protocol']> = new Map([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [icmpVersion6, 'icmp'],
  [132, 'sctp'],
]);

const numbers = { icmp: 1, tcp: 6, udp: 17, sctp: 132 } as const;

/** The port's form of an entry. */
export function entryFromRaw({
  original,
  reply,
  mark,
  status,
  id,
}: Omit<RawConntrackEntry, 'target'>): ConntrackEntry {
  const protocol = protocols.get(original.protocol) ?? 'other';
  return { id, protocol, original: tupleFromRaw(original), reply: tupleFromRaw(reply), mark, status };
}

function tupleFromRaw({ source, destination, sourcePort, destinationPort, icmp }: RawTuple): ConntrackTuple {
  return { source, destination, sourcePort, destinationPort, ...(icmp !== undefined && { icmp }) };
}

/** What names an entry to the kernel. Throws `conntrack-unsupported` for protocol `other`. */
export function rawTuple({ protocol, original }: ConntrackEntry): RawTuple {
  if (protocol === 'other') {
    throw new WeftError('conntrack-unsupported', 'an entry of an unknown protocol can be listed only');
  }
  const six = protocol === 'icmp' && original.source.includes(':');
  return { ...original, protocol: six ? icmpVersion6 : numbers[protocol] };
}
