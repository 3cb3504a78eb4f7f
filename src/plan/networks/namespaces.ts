import type { Link, NamespaceState, Neighbour, Route } from '../../kernel/route/port.ts';
import { bitsOf, familyOf } from '../../lib/address.ts';
import { machineNetns } from '../../model/fabric/default-fabric.ts';
import { siteNetns } from '../../model/fabric/network/network-fabric.ts';
import { unroutedRanges } from '../../model/fabric/network/effective-routes.ts';
import { metadataAddress, platformAddress } from '../../model/fabric/network/platform.ts';
import { siteAddress } from '../../model/fabric/network/sites.ts';
import { gatewayOf } from '../../model/fabric/network/subnets.ts';
import { subnetOf, type NetworkInterface, type NetworkWorld } from '../../model/fabric/network/world.ts';
import { macOf } from '../../model/network/places.ts';
import { emptyNamespace } from '../links/diff.ts';
import { interfaceLink, networkMac, outwardLinks, siteLink } from './cables.ts';
import { marksOf } from './marks.ts';
import { networkTables, servicesHop } from './routes.ts';

/** What virtual networks add to the namespaces of the fabric: the one that forwards first, for it makes all cables. */
export function networkNamespaces(world: NetworkWorld): [netns: string, state: NamespaceState][] {
  return [
    [machineNetns.networks, forwarderState(world)],
    [machineNetns.services, servicesState(world)],
    ...world.sites.map((site): [string, NamespaceState] => [
      siteNetns(site.metadata.name),
      endState({ name: 'eth0', mac: macOf(siteAddress(site)), addresses: [siteAddress(site)], hop: farEnd }),
    ]),
    ...[...Map.groupBy(world.interfaces, ({ netns }) => netns)].map(
      ([netns, own]): [string, NamespaceState] => [netns, machineState(world, own)],
    ),
  ];
}

/** What a machine that is in no subnet has for its router. */
const farEnd = '169.254.0.1';

function forwarderState(world: NetworkWorld): NamespaceState {
  const { routes, rules } = networkTables(world, marksOf(world));
  const cables = [
    ...world.interfaces.map((one) => ({
      link: interfaceLink(one),
      addresses: one.addresses,
      mac: macOfInterface(one),
      end: { name: one.name, namespace: one.netns },
    })),
    ...world.sites.map((site) => ({
      link: siteLink(site.metadata.name),
      addresses: [siteAddress(site)],
      mac: macOf(siteAddress(site)),
      end: { name: 'eth0', namespace: siteNetns(site.metadata.name) },
    })),
    ...Object.entries(servicesEnds).map(([link, name]) => ({
      link,
      addresses: [servicesHop],
      mac: servicesMac[name],
      end: { name, namespace: machineNetns.services },
    })),
  ];
  return {
    links: new Map(
      cables.map(({ link, mac, end }): [string, Link] => [
        link,
        { kind: 'veth', name: link, mac: networkMac, peer: { ...end, mac } },
      ]),
    ),
    addresses: [platformAddress, metadataAddress].map((address) => ({
      link: 'lo',
      address: `${address}/32`,
    })),
    routes,
    rules,
    neighbours: cables.flatMap(({ link, addresses, mac }) =>
      addresses.map((address): Neighbour => ({ link, address, mac })),
    ),
    fdb: [],
  };
}

/** The forwarding namespace's links to public services, and what they are called over there. */
const servicesEnds = { [outwardLinks.services]: 'public', [outwardLinks.endpoints]: 'private' } as const;
const servicesMac = { public: '0a:58:a9:fe:00:02', private: '0a:58:a9:fe:01:02' } as const;

/** Has all addresses of public services. Who is asked from a private address, by a service endpoint, answers there. */
function servicesState({ services }: NetworkWorld): NamespaceState {
  const [outside, inside] = ['public', 'private'] as const;
  const toward = (link: 'public' | 'private', destination: string): Route => ({
    destination,
    link,
    via: farEnd,
    onlink: true,
  });
  return {
    ...emptyNamespace,
    links: new Map(
      [outside, inside].map((name): [string, Link] => [
        name,
        { kind: 'veth-peer', name, mac: servicesMac[name] },
      ]),
    ),
    addresses: [],
    routes: [
      ...services
        .flatMap(({ prefixes }) => prefixes)
        .map((destination): Route => ({ destination, link: 'lo', type: 'local' })),
      toward(outside, '0.0.0.0/0'),
      ...unroutedRanges.map((range) => toward(inside, range)),
    ],
    neighbours: [outside, inside].map((link) => ({ link, address: farEnd, mac: networkMac })),
  };
}

interface End {
  readonly name: string;
  readonly mac: string;
  readonly addresses: readonly string[];
  /** What it has for its router. */
  readonly hop: string;
  /** What is behind the router. */
  readonly destination?: string;
  readonly metric?: number;
}

/** One end of a cable at whose other end every address is: the subnet's own prefix is no exception. */
function endState({ name, mac, addresses, hop, destination = '0.0.0.0/0', metric }: End): NamespaceState {
  const priority = metric === undefined ? {} : { metric };
  return {
    ...emptyNamespace,
    links: new Map([[name, { kind: 'veth-peer', name, mac }]]),
    addresses: addresses.map((address) => ({
      link: name,
      address: `${address}/${bitsOf(familyOf(address))}`,
    })),
    routes: [
      { destination: `${hop}/32`, link: name, ...priority },
      { destination, link: name, via: hop, ...priority },
    ],
    neighbours: [{ link: name, address: hop, mac: networkMac }],
  };
}

/** Only the first interface leads everywhere; the others lead to their own subnet. */
function machineState(world: NetworkWorld, own: readonly NetworkInterface[]): NamespaceState {
  const ends = own.map((one, index) => {
    const prefix = subnetOf(world, one.network, one.subnet)?.prefix ?? '';
    const end = {
      name: one.name,
      mac: macOfInterface(one),
      addresses: one.addresses,
      hop: gatewayOf(prefix),
    };
    return endState(index === 0 ? end : { ...end, destination: prefix, metric: index });
  });
  return ends.reduce(mergedStates);
}

/** Two parts of one namespace. */
export function mergedStates(one: NamespaceState, other: NamespaceState): NamespaceState {
  const rules = [...(one.rules ?? []), ...(other.rules ?? [])];
  return {
    links: new Map([...one.links, ...other.links]),
    addresses: [...one.addresses, ...other.addresses],
    routes: [...one.routes, ...other.routes],
    ...(rules.length > 0 && { rules }),
    neighbours: [...one.neighbours, ...other.neighbours],
    fdb: [...one.fdb, ...other.fdb],
  };
}

function macOfInterface({ addresses: [first = ''] }: NetworkInterface): string {
  return macOf(first);
}
