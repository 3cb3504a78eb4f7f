import type { NetworkNamespace, NetworkNamespaces } from '../netns/port.ts';
import type { FdbEntry, Link, LinkAddress, Neighbour, Route, RoutingRule } from './port.ts';

/** The far end of a veth, wherever it is. */
interface FakePeer {
  readonly state: FakeState;
  readonly name: string;
}

export interface FakeLink {
  /** As `dump` reports it. */
  link: Exclude<Link, { kind: 'veth' }>;
  readonly peer?: FakePeer;
}

/** What the fake keeps of one namespace. `lo` is always there and is no entry of `links`. */
export interface FakeState {
  readonly namespace: NetworkNamespace;
  readonly links: Map<string, FakeLink>;
  addresses: LinkAddress[];
  routes: Route[];
  rules: RoutingRule[];
  neighbours: Neighbour[];
  fdb: FdbEntry[];
}

/** Keeps one state per namespace; a namespace that is deleted takes its links, and their other ends, along. */
export class FakeStates {
  readonly #namespaces: NetworkNamespaces;
  readonly #states = new Map<string, FakeState>();

  constructor(namespaces: NetworkNamespaces) {
    this.#namespaces = namespaces;
  }

  /** Throws `netns-missing`. */
  of(name: string): FakeState {
    const pinned = new Set(this.#namespaces.list());
    for (const state of this.#states.values()) this.#dropWhenGone(state, pinned);
    const known = this.#states.get(name);
    if (known !== undefined) return known;
    const namespace = this.#namespaces.open(name);
    const state = {
      namespace,
      links: new Map(),
      addresses: [],
      routes: [],
      rules: [],
      neighbours: [],
      fdb: [],
    };
    this.#states.set(name, state);
    return state;
  }

  #dropWhenGone(state: FakeState, pinned: ReadonlySet<string>): void {
    const { name } = state.namespace;
    if (pinned.has(name) && this.#namespaces.open(name) === state.namespace) return;
    this.#states.delete(name);
    for (const link of state.links.keys()) removeFakeLink(state, link);
  }
}

/** Removes a link with all that hangs on it: its other end, VXLAN devices over it, addresses, routes, entries. */
export function removeFakeLink(state: FakeState, name: string): void {
  const removed = state.links.get(name);
  if (removed === undefined) return;
  state.links.delete(name);
  const others = <T extends { readonly link: string }>(all: readonly T[]) =>
    all.filter((one) => one.link !== name);
  state.addresses = others(state.addresses);
  state.routes = others(state.routes);
  state.neighbours = others(state.neighbours);
  state.fdb = others(state.fdb);
  for (const port of state.links.values()) {
    if (port.link.kind === 'vxlan' && port.link.device === name) removeFakeLink(state, port.link.name);
    else if (port.link.master === name) port.link = withoutMaster(port.link);
  }
  if (removed.peer !== undefined) removeFakeLink(removed.peer.state, removed.peer.name);
}

/** The same link as a port of no bridge. */
export function withoutMaster(link: FakeLink['link']): FakeLink['link'] {
  const { master: _, ...rest } = link;
  return rest;
}
