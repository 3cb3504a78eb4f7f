import { familyOf, formatAddress, parseAddress, type Address } from '../../lib/address.ts';
import { remembered } from '../../lib/remembered.ts';
import { isOnInternet } from '../../model/fabric/network/internet.ts';
import type { Lookups } from '../../model/fabric/network/lookups.ts';
import { isWithin } from '../../model/fabric/network/next-hop.ts';
import { isBackAt } from '../../model/fabric/network/journey.ts';
import { openingOf, type Opening } from '../../model/fabric/network/opening.ts';
import { isOwnedBy } from '../../model/fabric/network/owned.ts';
import type { Entry } from '../../model/fabric/network/passage.ts';
import { siteAddress } from '../../model/fabric/network/sites.ts';
import { sourceSeen } from '../../model/network/source.ts';
import { nodeLink, type Place } from '../../model/network/topology.ts';
import { noPorts } from '../../model/policy/port-set.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import { machineName } from '../predict/network-words.ts';
import type { Cells } from './cells.ts';
import { interfaceClasses, sortedRoutes } from './network-classes.ts';
import { networkCells } from './network-cells.ts';

/** Somebody at the virtual networks: a pod or a node by its node's interface, a machine or a site by its own. */
export interface Party {
  readonly place: Place;
  readonly entry: Entry;
  /** Name of the node; undefined of machines. */
  readonly node: string | undefined;
  /** What routes and security groups know of it: equal for those that they do not tell apart. */
  readonly class: string;
}

/** A machine or a site around the nodes. */
export interface Machine {
  /** `vm:NAME` or `site:NAME` */
  readonly name: string;
  readonly entry: Entry;
  /** As it is asked for. */
  readonly address: string;
}

/** Who lets whom through in the virtual networks of a cluster; each class of pairs is walked once. */
export interface ReachNetworks {
  readonly lookups: Lookups;
  readonly cells: Cells;
  /** By name, ascending. */
  readonly machines: readonly Machine[];
  /** Which of these, and `internet`, have an address. */
  namesAt(address: Address): readonly string[];
  /** A pod or node at an address; undefined where that is in no virtual network. */
  ofNode(node: string, kind: 'pod' | 'node', address: string): Party | undefined;
  /** A machine that asks for an address. */
  asking(machine: Machine, destination: string): Party;
  ofMachine(machine: Machine): Party;
  /** Whoever sends from one of its own addresses. */
  sending(entry: Entry, address: string): Party;
  /** Of two that are not on one machine. */
  between(source: Party, destination: Party): Opening;
  /** Towards whoever has an address. */
  towards(source: Party, address: string): Opening;
  /** The source address that the networks see. */
  seenBy(source: Party, destination: Place): string;
}

const known = new WeakMap<Lookups, ReachNetworks>();

/** Made once for what a cluster has around its nodes; undefined where these are in no virtual network. */
export function reachNetworks(index: ClusterIndex): ReachNetworks | undefined {
  const { networks: lookups } = index;
  if (lookups === undefined) return undefined;
  const found = known.get(lookups) ?? createNetworks(index, lookups);
  known.set(lookups, found);
  return found;
}

function createNetworks(index: ClusterIndex, lookups: Lookups): ReachNetworks {
  const { world } = lookups;
  const routes = sortedRoutes(lookups);
  const cells = networkCells(world, routes);
  const ofInterface = interfaceClasses(lookups, routes);
  const nodes = new Map(world.interfaces.map((one) => [one.id, one]));
  const cellOf = remembered((text: string) => {
    const address = parseAddress(text);
    return address === undefined ? text : cells.cellOf(address);
  });
  const classOf = (entry: Entry, address: string): string => {
    if (entry.kind === 'site') return `site:${entry.site.metadata.name} ${cellOf(address)}`;
    // A node may put its own address in place of its pods'.
    const [own = address] = entry.one.addresses;
    return `${ofInterface(entry.one)} ${cellOf(own)} ${cellOf(address)}`;
  };
  const openings = new Map<string, Opening>();
  const walked = (
    source: Party,
    seen: string,
    destination: { readonly address: string; readonly class: string; readonly entry?: Entry },
  ): Opening => {
    const key = `${source.class} ${cellOf(seen)} ${destination.class}`;
    const found = openings.get(key) ?? openingBetween(lookups, source.entry, { seen, ...destination });
    openings.set(key, found);
    return found;
  };
  const seenFrom = ({ place }: Party, destination: Place): string =>
    sourceSeen(index.sources, { source: place, destination }) ?? place.address;
  const machines = machinesOf(lookups);
  const party = (place: Place, entry: Entry): Party => {
    const node = place.kind === 'external' ? undefined : place.node;
    return { place, entry, node, class: classOf(entry, place.address) };
  };

  return {
    lookups,
    cells,
    machines,
    namesAt: (asked) => namesAt(machines, formatAddress(asked)),
    ofNode(node, kind, address) {
      const one = nodes.get(`node:${node}/${nodeLink}`);
      if (one === undefined || familyOf(address) !== 'IPv4') return undefined;
      return party({ kind, node, address }, { kind: 'interface', one });
    },
    asking({ entry, address }, destination) {
      const exit = entry.kind === 'interface' ? lookups.exit(entry.one, destination) : undefined;
      const own = exit?.addresses[0] ?? address;
      return party(
        { kind: 'external', address: own },
        exit === undefined ? entry : { kind: 'interface', one: exit },
      );
    },
    sending: (entry, address) => party({ kind: 'external', address }, entry),
    seenBy: seenFrom,
    ofMachine: ({ entry, address }) => party({ kind: 'external', address }, entry),
    between(source, destination) {
      const { address } = destination.place;
      return walked(source, seenFrom(source, destination.place), { ...destination, address });
    },
    towards(source, address) {
      const seen = seenFrom(source, { kind: 'external', address });
      return walked(source, seen, { address, class: `whoever ${cellOf(address)}` });
    },
  };
}

/** Nothing where somebody else has the packet in the end. */
function openingBetween(
  lookups: Lookups,
  sender: Entry,
  { seen, address, entry }: { readonly seen: string; readonly address: string; readonly entry?: Entry },
): Opening {
  const opening = openingOf(lookups, sender, { source: seen, destination: address });
  const isThere = entry === undefined || isBackAt(opening.there, entry);
  return isThere ? opening : { ...opening, ports: noPorts };
}

function namesAt(machines: readonly Machine[], address: string): string[] {
  const has = ({ entry }: Machine): boolean =>
    entry.kind === 'site' ? isWithin(entry.site.spec.prefixes, address) : isOwnedBy(entry.one, address);
  return [...machines.filter(has).map(({ name }) => name), ...(isOnInternet(address) ? ['internet'] : [])];
}

function machinesOf({ world }: Lookups): Machine[] {
  const ofMachine = Map.groupBy(
    world.interfaces.filter(({ id }) => id.startsWith('vm:')),
    machineName,
  );
  const machines = [...ofMachine].flatMap(([name, [one]]): Machine[] =>
    one?.addresses[0] === undefined
      ? []
      : [{ name, entry: { kind: 'interface', one }, address: one.addresses[0] }],
  );
  const sites = world.sites.map((site): Machine => ({
    name: `site:${site.metadata.name}`,
    entry: { kind: 'site', site },
    address: siteAddress(site),
  }));
  return [...machines, ...sites].sort((a, b) => (a.name < b.name ? -1 : 1));
}
