import { intersectPorts, noPorts, type PortSet } from '../../policy/port-set.ts';
import { allowedPorts } from './allowed-ports.ts';
import { answerTo, isBackAt, journeyOf, translated, type Journey } from './journey.ts';
import type { Lookups } from './lookups.ts';
import { judgesBetween, type Entry, type NetworkPacket } from './passage.ts';

/** What virtual networks let through from a sender to an address. */
export interface Opening {
  /** Nothing where routes lead nowhere, or the answer is lost. */
  readonly ports: PortSet;
  /** What the security groups let through that are asked on the way, however far that leads. */
  readonly judged: PortSet;
  /** As routes lead, whatever security groups say. */
  readonly there: Journey;
  /** That of the answer; absent where nobody is asked. */
  readonly back?: Journey;
}

/**
 * Every port at once of what `journeyOf` and `answerTo` say of one: routes know no ports, and security groups ranges of
 * them. What the networks themselves answer, for names and about machines, is not in it.
 */
export function openingOf(
  lookups: Lookups,
  sender: Entry,
  ends: Pick<NetworkPacket, 'source' | 'destination'>,
): Opening {
  const unjudged: Lookups = { ...lookups, rules: () => [] };
  // Neither is looked at where nobody judges.
  const packet: NetworkPacket = { ...ends, protocol: 'TCP', port: 0 };
  const there = journeyOf(unjudged, sender, packet);
  const judged = judgedPorts(lookups, there, packet);
  if (there.end.kind === 'lost') return { ports: noPorts, judged, there };
  const back = answerTo(unjudged, there, packet);
  return { ports: isBackAt(back, sender) ? judged : noPorts, judged, there, back };
}

/** Whether a way ends because nobody has an address, and not because somebody's route says so. */
export function isNobodys({ there, back = there }: Opening): boolean {
  const { end, passages } = back;
  if (end.kind !== 'lost' || passages.at(-1)?.route?.table !== undefined) return false;
  return end.why === 'nobody' || end.why === 'nobody-there' || end.why === 'none';
}

function judgedPorts(lookups: Lookups, { passages }: Journey, sent: NetworkPacket): PortSet {
  let [ports, packet]: [PortSet, NetworkPacket] = ['all', sent];
  for (const { from, to = { kind: 'nobody' } as const } of passages) {
    packet = { ...packet, source: translated(from, packet)?.source ?? packet.source };
    for (const { judge, one, direction } of judgesBetween(lookups, from, to)) {
      ports = intersectPorts(ports, allowedPorts(lookups.rules(judge, one, direction), packet));
    }
  }
  return ports;
}
