import type { Conntrack, ConntrackEntry } from '../../kernel/conntrack/port.ts';
import { familyOf } from '../../lib/address.ts';
import { everyNodeAddress, type NodePlace } from '../../model/network/topology.ts';
import { nftWord } from '../../plan/families.ts';
import type { PacketHeader } from '../../wire/packet.ts';

export interface FirstPortOptions {
  readonly conntrack: Pick<Conntrack, 'list'>;
  readonly places: ReadonlyMap<string, NodePlace>;
  /** Where a node's connections are tracked; undefined for nodes that this process does not look after. */
  readonly netnsOf: (node: string) => string | undefined;
}

/** The source port with which a packet set out that was logged on a node, the one of `seenOn`. */
export type FirstPort = (packet: PacketHeader, seenOn: string) => number;

/**
 * A node that puts its own address in draws a port of its own too, and only its connection tracking knows the first one:
 * whoever waits for word of a connection knows it by that.
 */
export function createFirstPort(options: FirstPortOptions): FirstPort {
  /** Lists of this turn of the event loop: denials come in crowds. */
  const listed = new Map<string, readonly ConntrackEntry[]>();

  const entriesOf = (netns: string, source: string): readonly ConntrackEntry[] => {
    const family = nftWord[familyOf(source)];
    const key = `${family} ${netns}`;
    const known = listed.get(key);
    if (known !== undefined) return known;
    const entries = options.conntrack.list(netns, family);
    if (listed.size === 0) setImmediate(() => listed.clear());
    listed.set(key, entries);
    return entries;
  };

  const nodeAt = (address: string): string | undefined => {
    for (const place of options.places.values()) {
      const isIts = everyNodeAddress(place).includes(address);
      if (isIts) return place.name;
    }
    return undefined;
  };

  /** What the packet was before the node whose address it has put that in; undefined where none did. */
  const before = (packet: Ends, seenOn: string): Ends | undefined => {
    const node = nodeAt(packet.source);
    const netns = node === undefined ? undefined : options.netnsOf(node);
    if (netns === undefined) return undefined;
    const sent = entriesOf(netns, packet.source).filter(
      ({ protocol, reply }) =>
        protocol === packet.protocol.toLowerCase() &&
        reply.destination === packet.source &&
        reply.destinationPort === packet.sourcePort,
    );
    const entry =
      sent.find(({ reply }) => isSentTo(packet, reply)) ??
      // To a node port of the node that logged it, which left the source alone (externalTrafficPolicy Local).
      sent.find(({ reply }) => nodeAt(reply.source) === seenOn);
    return entry && { protocol: packet.protocol, ...entry.original };
  };

  return (packet, seenOn) => {
    let first: Ends = packet;
    for (let nodes = 0; nodes < mostNodes; nodes++) {
      const earlier = before(first, seenOn);
      if (earlier === undefined) break;
      first = earlier;
    }
    return first.sourcePort;
  };
}

const isSentTo = (packet: Ends, reply: ConntrackEntry['reply']): boolean =>
  reply.source === packet.destination && reply.sourcePort === packet.destinationPort;

type Ends = Pick<PacketHeader, 'protocol' | 'source' | 'destination' | 'sourcePort' | 'destinationPort'>;

/** From a pod to a node port, the pod's own node puts its address in, and then the node that was asked. */
const mostNodes = 2;
