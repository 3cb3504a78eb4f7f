import { WeftError } from '../../lib/errors.ts';
import { checkSpeaker } from './check-speaker.ts';
import type {
  BgpDaemons,
  BgpNeighbour,
  BgpPlace,
  BgpRoute,
  BgpSession,
  BgpSpeaker,
  LearnedRoute,
} from './port.ts';

/** A machine of a fake network. */
export interface FakeBgpMachine {
  readonly addresses: readonly string[];
}

/** The network in which fake daemons hear each other: by place name. */
export interface FakeBgpNetwork {
  readonly machines: ReadonlyMap<string, FakeBgpMachine>;
  readonly speakers: Map<string, BgpSpeaker>;
}

export function createFakeBgpNetwork(machines: Readonly<Record<string, readonly string[]>>): FakeBgpNetwork {
  const entries = Object.entries(machines).map(([name, addresses]) => [name, { addresses }] as const);
  return { machines: new Map(entries), speakers: new Map() };
}

export interface FakeBgpDaemons extends BgpDaemons {
  /** What each place was told last. */
  readonly applied: ReadonlyMap<string, BgpSpeaker>;
  /** From now on as if the programs were not installed. */
  uninstall(): void;
}

/** Daemons in memory. Ends whose settings fit have a session at once. */
export function createFakeBgpDaemons(network: FakeBgpNetwork = createFakeBgpNetwork({})): FakeBgpDaemons {
  const { speakers } = network;
  let isInstalled = true;

  const otherEndOf = (
    place: string,
    own: BgpNeighbour,
  ): { speaker: BgpSpeaker; end: BgpNeighbour } | undefined => {
    const addresses = network.machines.get(place)?.addresses ?? [];
    for (const [name, machine] of network.machines) {
      const speaker = speakers.get(name);
      if (!machine.addresses.includes(own.address) || speaker === undefined) continue;
      const end = speaker.neighbours.find(({ address }) => addresses.includes(address));
      if (end !== undefined) return { speaker, end };
    }
    return undefined;
  };

  const isUp = (place: string, speaker: BgpSpeaker, own: BgpNeighbour): boolean => {
    const other = otherEndOf(place, own);
    if (other === undefined) return false;
    const [here, there] = [own.localAsn ?? speaker.asn, other.end.localAsn ?? other.speaker.asn];
    return (
      fits(own, here, there) &&
      fits(other.end, there, here) &&
      own.password === other.end.password &&
      !(own.passive && other.end.passive)
    );
  };

  return {
    implementation: 'fake',
    applied: speakers,
    uninstall: () => void (isInstalled = false),
    apply(place, speaker) {
      if (!isInstalled) return Promise.reject(new WeftError('bgp-missing', 'no daemon is installed'));
      return Promise.try(() => {
        checkSpeaker(speaker);
        speakers.set(place.name, speaker);
      });
    },
    places: () => [...speakers.keys()],
    sessions({ name }: BgpPlace) {
      const speaker = speakers.get(name);
      return Promise.resolve(
        (speaker?.neighbours ?? []).map((own): BgpSession => {
          const isEstablished = speaker !== undefined && isUp(name, speaker, own);
          return { name: own.name, isEstablished, ...(!isEstablished && { why: 'Connect' }) };
        }),
      );
    },
    learned({ name }: BgpPlace) {
      const speaker = speakers.get(name);
      if (speaker?.installs !== true) return Promise.resolve([]);
      const learned = speaker.neighbours.flatMap((own): LearnedRoute[] => {
        const other = isUp(name, speaker, own) ? otherEndOf(name, own) : undefined;
        if (other === undefined) return [];
        const asn = other.end.localAsn ?? other.speaker.asn;
        return other.end.routes.map((route) =>
          learnedFrom(own, route, { asn, here: own.localAsn ?? speaker.asn }),
        );
      });
      return Promise.resolve(learned);
    },
    stop({ name }: BgpPlace) {
      speakers.delete(name);
      return Promise.resolve();
    },
    release() {},
  };
}

function fits({ asn }: BgpNeighbour, here: number, there: number): boolean {
  if (typeof asn === 'number') return asn === there;
  return (asn === 'internal') === (here === there);
}

/** The local preference goes to internal neighbours only, which have 100 where none is told; an AS path starts outside. */
function learnedFrom(
  { address }: BgpNeighbour,
  { localPref = 100, ...route }: BgpRoute,
  { asn, here }: { readonly asn: number; readonly here: number },
): LearnedRoute {
  const isInternal = asn === here;
  return {
    ...route,
    from: address,
    asPath: isInternal ? [] : [asn],
    localPref: isInternal ? localPref : 100,
  };
}
