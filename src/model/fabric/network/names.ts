import { internetAnswer } from '../../dns/internet-zone.ts';
import { privateNames, type PrivateNames } from '../../dns/private-zones.ts';
import type { ZoneAnswer, ZoneQuestion } from '../../dns/records.ts';
import { deliveriesIn, recipientsOf } from './delivery.ts';
import type { NetworkWorld } from './world.ts';

/**
 * What the fabric's name server says to whoever asks from an address: what the private zones say that are linked to its
 * network, and the internet's answer to everything else. Peers' links do not count (Azure, private-dns-overview). Networks that do not reach
 * each other may have the same addresses: who could be in several is told what is linked to all of them, so that nobody
 * hears what is not for them.
 */
export function networkNames(world: NetworkWorld): (question: ZoneQuestion, source: string) => ZoneAnswer {
  const networksOf = networksAt(world);
  const known = new Map<string, PrivateNames>();
  const namesFor = (networks: readonly string[]): PrivateNames => {
    const key = networks.join(' ');
    const found = known.get(key) ?? privateNames(linkedTo(world, networks));
    known.set(key, found);
    return found;
  };
  return (question, source) =>
    namesFor(networksOf(source))(question, (other) => internetAnswer(other, ['IPv4']));
}

/** Finds the names of the networks in which somebody has an address; none for an address of nobody's. */
export function networksAt(world: NetworkWorld): (address: string) => string[] {
  let finders: [string, ReturnType<typeof recipientsOf>][] | undefined;
  return (address) => {
    finders ??= [...world.networks.keys()].map((name) => [name, recipientsOf(deliveriesIn(world, [name]))]);
    return finders.flatMap(([name, recipient]) => (recipient(address) === undefined ? [] : [name]));
  };
}

function linkedTo({ privateZones }: NetworkWorld, networks: readonly string[]): NetworkWorld['privateZones'] {
  if (networks.length === 0) return [];
  return privateZones.filter(({ spec }) => networks.every((name) => spec.links?.includes(name)));
}
