import type {
  FdbEntry,
  Link,
  LinkAddress,
  NamespaceState,
  Neighbour,
  Route,
  RouteOperation,
  RoutingRule,
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
 * before the link is deleted and comes after it is made; addresses come before routes, for a next hop must be
 * reachable, and go last, for the kernel takes a link's routes away with its last address. Things of a deleted link
 * are not deleted one by one: they go with it.
 */
export function diffNamespace(current: NamespaceState, desired: NamespaceState): RouteOperation[] {
  const { doomed, renumbered, operations } = diffLinks(current, desired);
  const survivors = restrictTo(current, (link) => !doomed.has(link));
  // The kernel forgets a link's neighbours, permanent ones too, when its MAC address changes.
  const kept = { ...survivors, neighbours: survivors.neighbours.filter(({ link }) => !renumbered.has(link)) };
  const removed = others.flatMap((aspect) => aspect.removals(kept, desired)).toReversed();
  const added = [addresses, ...others].flatMap((aspect) => aspect.additions(kept, desired));
  return [...removed, ...operations, ...added, ...addresses.removals(kept, desired)];
}

/** What happens to links, which go (`doomed`), and which keep their name but change their MAC address. */
interface LinkChanges {
  readonly doomed: ReadonlySet<string>;
  readonly renumbered: ReadonlySet<string>;
  readonly operations: readonly RouteOperation[];
}

function diffLinks(current: NamespaceState, desired: NamespaceState): LinkChanges {
  const doomed = new Set<string>();
  const renumbered = new Set<string>();
  const operations: RouteOperation[] = [];
  for (const [name, link] of current.links) {
    const wanted = desired.links.get(name);
    if (wanted !== undefined && isSameDevice(link, wanted)) continue;
    doomed.add(name);
    operations.push({ action: 'delete-link', name });
  }
  for (const [name, link] of desired.links) {
    const existing = doomed.has(name) ? undefined : current.links.get(name);
    if (existing === undefined) {
      // The far end of a veth comes with its near end, which another namespace's state makes.
      operations.push({ action: link.kind === 'veth-peer' ? 'set-link' : 'add-link', link });
    } else if (!hasAttributes(existing, link)) {
      operations.push({ action: 'set-link', link });
      if (link.mac !== undefined && link.mac !== existing.mac) renumbered.add(name);
    }
  }
  return { doomed, renumbered, operations };
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

/** One kind of thing that hangs on links: how to tell two of them apart, and what adds or deletes one. */
interface Aspect {
  readonly removals: (current: NamespaceState, desired: NamespaceState) => RouteOperation[];
  readonly additions: (current: NamespaceState, desired: NamespaceState) => RouteOperation[];
}

interface AspectOf<T> {
  readonly of: (state: NamespaceState) => readonly T[];
  readonly key: (entry: T) => string;
  readonly same: (a: T, b: T) => boolean;
  readonly addition: (entry: T) => RouteOperation;
  readonly deletion: (entry: T) => RouteOperation;
}

function aspect<T>({ of, key, same, addition, deletion }: AspectOf<T>): Aspect {
  const byKey = (state: NamespaceState): Map<string, T> =>
    new Map(of(state).map((entry) => [key(entry), entry]));
  return {
    removals(current, desired) {
      const wanted = byKey(desired);
      return of(current)
        .filter((entry) => !wanted.has(key(entry)))
        .map(deletion);
    },
    additions(current, desired) {
      const existing = byKey(current);
      const isThere = (entry: T): boolean => {
        const before = existing.get(key(entry));
        return before !== undefined && same(before, entry);
      };
      return of(desired)
        .filter((entry) => !isThere(entry))
        .map(addition);
    },
  };
}

const addresses = aspect<LinkAddress>({
  of: (state) => state.addresses,
  key: (entry) => `${entry.link} ${entry.address}`,
  same: () => true,
  addition: (address) => ({ action: 'add-address', address }),
  deletion: (address) => ({ action: 'delete-address', address }),
});

/** In the order of addition; deletion runs the other way round. */
const others: readonly Aspect[] = [
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
    key: (entry) => `${entry.destination} ${entry.metric ?? 0} ${entry.table ?? ''}`,
    same: isSameRoute,
    addition: (route) => ({ action: 'add-route', route }),
    deletion: (route) => ({ action: 'delete-route', route }),
  }),
  // Behind the tables they lead to, and gone before them.
  aspect<RoutingRule>({
    of: (state) => state.rules ?? [],
    key: ({ family, priority, mark, mask, table }) => `${family} ${priority} ${mark} ${mask} ${table}`,
    same: () => true,
    addition: (rule) => ({ action: 'add-rule', rule }),
    deletion: (rule) => ({ action: 'delete-rule', rule }),
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
