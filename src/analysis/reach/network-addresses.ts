import { isOnInternet } from '../../model/fabric/network/internet.ts';
import { isWithin } from '../../model/fabric/network/next-hop.ts';
import { isNobodys, type Opening } from '../../model/fabric/network/opening.ts';
import type { Entry } from '../../model/fabric/network/passage.ts';
import { metadataAddress, platformAddress } from '../../model/fabric/network/platform.ts';
import type { NetworkWorld } from '../../model/fabric/network/world.ts';
import { publicLoadBalancers } from '../../model/network/lab-addresses.ts';
import type { PortSet } from '../../model/policy/port-set.ts';
import type { Party, ReachNetworks } from './networks.ts';

/** What virtual networks let through between a pod and whoever has an address. */
export interface AddressPorts {
  /** More than one where several machines have it. */
  readonly ports: readonly PortSet[];
  /** Whether somebody has it who has no name here. */
  readonly isHeld: boolean;
}

/**
 * An address that nobody has is closed by security groups and users' routes alone. Networks do not close the internet as a
 * source: it comes in at load balancers and node ports, and by no other way.
 */
export function addressPorts(networks: ReachNetworks): {
  readonly from: (party: Party, address: string) => AddressPorts;
  readonly to: (party: Party, address: string) => AddressPorts;
} {
  const named = new Set(networks.machines.map(({ address }) => address));
  const senders = sendersAt(networks.lookups.world);
  const sort = sortOf(networks.lookups.world);
  const portsOf = (openings: readonly Opening[], address: string): AddressPorts => ({
    // The internet is somebody: where no way leads there, it is closed.
    ports: openings.map((opening) =>
      isNobodys(opening) && sort(address) === 'other' ? opening.judged : opening.ports,
    ),
    isHeld: !named.has(address) && openings.some(isMachines),
  });
  return {
    from(party, address) {
      const all = senders(address);
      if (all.length === 0) return { ports: ['all'], isHeld: false };
      const openings = all.map((entry) => networks.between(networks.sending(entry, address), party));
      return { ...portsOf(openings, address), isHeld: !named.has(address) && !openings.every(isNobodys) };
    },
    to: (party, address) => portsOf([networks.towards(party, address)], address),
  };
}

/** Whether a packet ends at somebody who is neither a pod's node nor the internet. */
function isMachines(opening: Opening): boolean {
  const { end } = opening.there;
  if (isNobodys(opening) || end.kind === 'lost') return false;
  return end.kind === 'interface' ? end.one.id.startsWith('vm:') : end.kind !== 'internet';
}

/** Machines and sites send from addresses of their own. */
function sendersAt({ interfaces, sites }: NetworkWorld): (address: string) => readonly Entry[] {
  const machines = interfaces.filter(({ id }) => id.startsWith('vm:'));
  const known = new Map<string, readonly Entry[]>();
  const find = (address: string): Entry[] => [
    ...machines
      .filter(({ addresses }) => addresses.includes(address))
      .map((one) => ({ kind: 'interface', one }) as const),
    ...sites
      .filter(({ spec }) => isWithin(spec.prefixes, address))
      .map((site) => ({ kind: 'site', site }) as const),
  ];
  return (address) => {
    const found = known.get(address) ?? find(address);
    known.set(address, found);
    return found;
  };
}

/** What the networks themselves answer at, what they give to load balancers, and what nobody routes (RFC 6598). */
const ownOnInternet = [
  `${platformAddress}/32`,
  `${metadataAddress}/32`,
  publicLoadBalancers,
  '100.64.0.0/10',
];

/** Public services have addresses among those of the internet. */
export type AddressSort = 'internet' | 'service' | 'other';

export function sortOf({ services }: NetworkWorld): (address: string) => AddressSort {
  const ofServices = services.flatMap(({ prefixes }) => prefixes);
  return (address) => {
    if (!isOnInternet(address) || isWithin(ownOnInternet, address)) return 'other';
    return isWithin(ofServices, address) ? 'service' : 'internet';
  };
}
