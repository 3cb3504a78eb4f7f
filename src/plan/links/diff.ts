import type {
  FdbEntry,
  Link,
  LinkAddress,
  NamespaceState,
  Neighbour,
  Route,
  RouteOperation,
} from '../../kernel/route/port.ts';

/** A namespace with nothing in it but `lo`. */
export const emptyNamespace: NamespaceState = {
  links: new Map(),
  addresses: [],
  routes: [],
  neighbours: [],
  fdb: [],
};

/**
 * The operations that turn `current` into `desired`, in an order the kernel accepts: what depends on a link goes
 * before the link is deleted and comes after it is made; addresses before routes, for a next hop must be
 * reachable. Things of a deleted link are not deleted one by one: they go with it.
 */
export function diffNamespace(current: NamespaceState, desired: NamespaceState): RouteOperation[] {
  const doomed = new Set<string>();
  const links: RouteOperation[] = [];
  for (const [name, link] of current.links) {
    const wanted = desired.links.get(name);
    if (wanted === undefined || !isSameDevice(link, wanted)) {
      doomed.add(name);
      links.push({ action: 'delete-link', name });
    }
  }
  for (const [name, link] of desired.links) {
    const existing = doomed.has(name) ? undefined : current.links.get(name);
    if (existing === undefined) {
      // The far end of a veth comes with its near end, which another namespace's state makes.
      links.push(link.kind === 'veth-peer' ? { action: 'set-link', link } : { action: 'add-link', link });
    } else if (!hasAttributes(existing, link)) links.push({ action: 'set-link', link });
  }
  const survives = (entry: { readonly link: string }): boolean => !doomed.has(entry.link);
  const removed: RouteOperation[] = [];
  const added: RouteOperation[] = [];
  for (const { key, same, deletion, addition, of } of aspects) {
    const existing = new Map(
      of(current)
        .filter(survives)
        .map((entry) => [key(entry), entry]),
    );
    const wanted = new Map(of(desired).map((entry) => [key(entry), entry]));
    for (const [id, entry] of existing) if (!wanted.has(id)) removed.push(deletion(entry));
    for (const [id, entry] of wanted) {
      const before = existing.get(id);
      if (before === undefined || !same(before, entry)) added.push(addition(entry));
    }
  }
  return [...removed.toReversed(), ...links, ...added];
}

/** The part of a state that hangs on the links `owns` accepts: what one of several owners of a namespace manages. */
export function restrictTo(state: NamespaceState, owns: (link: string) => boolean): NamespaceState {
  const owned = (entry: { readonly link: string }): boolean => owns(entry.link);
  return {
    links: new Map([...state.links].filter(([name]) => owns(name))),
    addresses: state.addresses.filter(owned),
    routes: state.routes.filter(owned),
    neighbours: state.neighbours.filter(owned),
    fdb: state.fdb.filter(owned),
  };
}

type Entry = LinkAddress | Route | Neighbour | FdbEntry;

interface Aspect {
  of(state: NamespaceState): readonly Entry[];
  key(entry: Entry): string;
  same(a: Entry, b: Entry): boolean;
  addition(entry: Entry): RouteOperation;
  deletion(entry: Entry): RouteOperation;
}

function aspect<T extends Entry>(typed: {
  of(state: NamespaceState): readonly T[];
  key(entry: T): string;
  same(a: T, b: T): boolean;
  addition(entry: T): RouteOperation;
  deletion(entry: T): RouteOperation;
}): Aspect {
  // Sound because a list's entries only ever meet the functions they came with.
  return typed as unknown as Aspect;
}

/** In the order of addition; deletion runs the other way round. */
const aspects: readonly Aspect[] = [
  aspect<LinkAddress>({
    of: (state) => state.addresses,
    key: (entry) => `${entry.link} ${entry.address}`,
    same: () => true,
    addition: (address) => ({ action: 'add-address', address }),
    deletion: (address) => ({ action: 'delete-address', address }),
  }),
  aspect<Neighbour>({
    of: (state) => state.neighbours,
    key: (entry) => `${entry.link} ${entry.address}`,
    same: (a, b) => a.mac === b.mac,
    addition: (neighbour) => ({ action: 'add-neighbour', neighbour }),
    deletion: (neighbour) => ({ action: 'delete-neighbour', neighbour }),
  }),
  aspect<FdbEntry>({
    of: (state) => state.fdb,
    key: (entry) => `${entry.link} ${entry.mac}`,
    same: (a, b) => a.address === b.address,
    addition: (entry) => ({ action: 'add-fdb', entry }),
    deletion: (entry) => ({ action: 'delete-fdb', entry }),
  }),
  aspect<Route>({
    of: (state) => state.routes,
    key: (entry) => `${entry.destination} ${entry.metric ?? 0}`,
    same: isSameRoute,
    addition: (route) => ({ action: 'add-route', route }),
    deletion: (route) => ({ action: 'delete-route', route }),
  }),
];

function isSameRoute(a: Route, b: Route): boolean {
  return (
    a.link === b.link &&
    a.via === b.via &&
    a.source === b.source &&
    (a.type ?? 'unicast') === (b.type ?? 'unicast')
  );
}

/** Whether the device can stay. A dump cannot tell which end of a veth was made first, nor should it matter. */
function isSameDevice(existing: Link, wanted: Link): boolean {
  if (isVeth(existing) && isVeth(wanted)) return true;
  if (existing.kind === 'vxlan' && wanted.kind === 'vxlan') {
    return existing.vni === wanted.vni && existing.port === wanted.port && existing.local === wanted.local;
  }
  return existing.kind === wanted.kind;
}

const isVeth = (link: Link): boolean => link.kind === 'veth' || link.kind === 'veth-peer';

function hasAttributes(existing: Link, wanted: Link): boolean {
  return (
    existing.master === wanted.master &&
    (wanted.mac === undefined || existing.mac === wanted.mac) &&
    (wanted.mtu === undefined || existing.mtu === wanted.mtu)
  );
}
