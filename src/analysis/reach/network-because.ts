import { journeyOf } from '../../model/fabric/network/journey.ts';
import type { PortSet } from '../../model/policy/port-set.ts';
import type { Reason, SourceOf } from '../flow.ts';
import { passageReasons } from '../predict/network-stage.ts';
import type { Party, ReachNetworks } from './networks.ts';

/** The users' routes and the rules of security groups that let ports through, a sample of each range. */
export function networkReasons(
  networks: ReachNetworks,
  { source, destination }: { readonly source: Party; readonly destination: Pick<Party, 'place'> },
  { ports, sourceOf }: { readonly ports: PortSet; readonly sourceOf: SourceOf | undefined },
): Reason[] {
  const packet = {
    source: networks.seenBy(source, destination.place),
    destination: destination.place.address,
  };
  const samples = ports === 'all' ? [{ protocol: 'TCP' as const, first: 1 }] : ports;
  return samples.flatMap(({ protocol, first: port }) => {
    if (protocol === 'other') return [];
    const journey = journeyOf(networks.lookups, source.entry, { ...packet, protocol, port });
    return journey.passages.flatMap((passage) => passageReasons(passage, sourceOf));
  });
}
