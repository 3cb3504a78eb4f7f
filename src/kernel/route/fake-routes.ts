import { formatAddress, type Address, type Family } from '../../lib/address.ts';
import { contains, formatPrefix, parsePrefix } from '../../lib/prefix.ts';
import { formatMac, isGroupMac } from '../../wire/netlink/mac.ts';
import { defaultMetric } from '../../wire/netlink/route.ts';
import { requireFakeLink } from './fake-links.ts';
import type { FakeState } from './fake-state.ts';
import { address, addressWithLength, destination, integer, macBytes } from './parse.ts';
import type { FdbEntry, LinkAddress, Neighbour, Route, RoutingRule } from './port.ts';
import { Refusal } from './refusal.ts';

/*
 * Each `add` replaces what has the same key, each `delete` removes what is equal; all throw `Refusal`. Values are
 * kept as `dump` writes them.
 */

export function changeFakeAddress(state: FakeState, change: LinkAddress, add: boolean): void {
  const { address, length } = addressWithLength(change.address);
  const value = { link: change.link, address: `${formatAddress(address)}/${length}` };
  const had = state.addresses.length;
  if (add) requireFakeLink(state, change.link);
  state.addresses = without(state.addresses, value);
  if (add) state.addresses.push(value);
  else if (state.addresses.length < had) forgetWithAddress(state, value.link, address.family);
}

/**
 * Routes that prefer an address as source go with it. With the last IPv4 address the link stops speaking IPv4:
 * its IPv4 routes and neighbours go (fib_disable_ip of fib_frontend.c). `lo` keeps 127.0.0.1.
 */
function forgetWithAddress(state: FakeState, link: string, family: Family): void {
  state.routes = state.routes.filter(({ source }) => source === undefined || isOwn(state, source));
  const isIPv4 = (text: string) => !text.includes(':');
  const last = !state.addresses.some((one) => one.link === link && isIPv4(one.address));
  if (family === 'IPv6' || !last || link === 'lo') return;
  state.routes = state.routes.filter((one) => one.link !== link || !isIPv4(one.destination));
  state.neighbours = state.neighbours.filter((one) => one.link !== link || !isIPv4(one.address));
}

export function changeFakeRoute(state: FakeState, change: Route, add: boolean): void {
  const route = normalRoute(change);
  if (!add) {
    state.routes = without(state.routes, route);
    return;
  }
  requireFakeLink(state, route.link);
  if (route.via !== undefined && route.onlink !== true) checkNextHop(state, route.via, route);
  if (route.source !== undefined && !isOwn(state, route.source)) {
    throw new Refusal('EINVAL', 'Invalid prefsrc address');
  }
  const sameKey = (other: Route) =>
    other.destination === route.destination && other.metric === route.metric && other.table === route.table;
  state.routes = [...state.routes.filter((other) => !sameKey(other)), route];
}

export function changeFakeRule(state: FakeState, change: RoutingRule, add: boolean): void {
  const { family, priority, mark, mask, table } = change;
  const rule = { family, priority, mark, ...(mask !== undefined && { mask }), table };
  state.rules = without(state.rules, rule);
  if (add) state.rules.push(rule);
}

export function changeFakeNeighbour(state: FakeState, change: Neighbour, add: boolean): void {
  const value = normalNeighbour(change);
  if (add) requireFakeLink(state, change.link);
  const sameKey = (other: Neighbour) => other.link === value.link && other.address === value.address;
  state.neighbours = state.neighbours.filter((other) => !sameKey(other));
  if (add) state.neighbours.push(value);
}

export function changeFakeFdb(state: FakeState, change: FdbEntry, add: boolean): void {
  const value = normalNeighbour(change);
  if (add) {
    const link = requireFakeLink(state, change.link)?.link;
    if (link?.kind !== 'vxlan') throw new Refusal('EOPNOTSUPP', `${change.link} is no VXLAN device`);
    const replaced = (other: FdbEntry) => other.link === value.link && other.mac === value.mac;
    if (!isGroupMac(macBytes(value.mac))) state.fdb = state.fdb.filter((other) => !replaced(other));
  }
  state.fdb = without(state.fdb, value);
  if (add) state.fdb.push(value);
}

function normalNeighbour({ link, address: text, mac }: Neighbour): Neighbour {
  return { link, address: formatAddress(address(text)), mac: formatMac(macBytes(mac)) };
}

function normalRoute(route: Route): Route {
  const prefix = destination(route.destination);
  const { type, metric, via, source } = route;
  if (metric !== undefined) integer('metric', metric, 0xffff_ffff);
  const leadsNowhere = type === 'blackhole' || type === 'unreachable' || type === 'throw';
  return {
    destination: formatPrefix(prefix),
    link: leadsNowhere ? 'lo' : route.link,
    ...(via === undefined ? {} : { via: formatAddress(address(via)) }),
    ...(route.onlink === true ? { onlink: true } : {}),
    ...(source === undefined ? {} : { source: formatAddress(address(source)) }),
    ...normalChoice(route, prefix.family),
  };
}

function normalChoice({ type = 'unicast', metric, table }: Route, family: Family): Partial<Route> {
  return {
    ...(metric === undefined || metric === defaultMetric[family] ? {} : { metric }),
    ...(type === 'unicast' ? {} : { type }),
    ...(table === undefined ? {} : { table }),
  };
}

/**
 * A next hop must be on the link by an address's prefix, or by a route without a next hop of its own, of the same table or of
 * the main one.
 */
function checkNextHop(state: FakeState, via: string, { link, table }: Route): void {
  const hop = address(via);
  const leads = (one: Route): boolean =>
    one.link === link && one.via === undefined && [undefined, table].includes(one.table);
  const onLink = [
    ...state.addresses.filter((one) => one.link === link).map((one) => one.address),
    ...state.routes.filter(leads).map((one) => one.destination),
    'fe80::/64',
  ];
  if (onLink.some((text) => covers(text, hop))) return;
  const code = hop.family === 'IPv4' ? 'ENETUNREACH' : 'EHOSTUNREACH';
  throw new Refusal(code, 'Nexthop has invalid gateway');
}

function covers(prefixText: string, hop: Address): boolean {
  const prefix = parsePrefix(prefixText);
  return prefix !== undefined && contains(prefix, hop);
}

function isOwn(state: FakeState, source: string): boolean {
  return state.addresses.some((one) => one.address.startsWith(`${source}/`));
}

function without<T extends object>(all: readonly T[], value: T): T[] {
  const key = keyOf(value);
  return all.filter((other) => keyOf(other) !== key);
}

/** Every value was built with its properties in one order. */
const keyOf = (value: object): string => JSON.stringify(value);
