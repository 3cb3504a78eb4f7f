import { formatAddress } from '../../lib/address.ts';
import { formatPrefix } from '../../lib/prefix.ts';
import { readAddress, writeGetAddresses, type AddressReport } from '../../wire/netlink/address.ts';
import { readLink, writeGetLinks, type LinkReport } from '../../wire/netlink/link.ts';
import { formatMac } from '../../wire/netlink/mac.ts';
import type { NetlinkMessage } from '../../wire/netlink/message.ts';
import { readNeighbour, writeGetNeighbours, type NeighbourReport } from '../../wire/netlink/neighbour.ts';
import { defaultMetric, readRoute, RTPROT_BOOT, RTPROT_STATIC } from '../../wire/netlink/route.ts';
import { readRule, writeGetRules } from '../../wire/netlink/rule.ts';
import { RT_TABLE_MAIN, writeGetRoutes, type RouteReport } from '../../wire/netlink/route.ts';
import type { FdbEntry, Link, LinkAddress, NamespaceState, Neighbour, Route } from './port.ts';
import type { Request, RouteSocket } from './socket.ts';

type NameOf = (index: number) => string | undefined;

/**
 * Reads what a namespace holds, without what the kernel made by itself (connected routes, loopback and
 * link-local addresses) and what routing daemons installed. See `RouteNetlink.dump` for what cannot be told.
 */
export function dumpNamespace(socket: RouteSocket): NamespaceState {
  const names = new Map<number, string>();
  const nameOf: NameOf = (index) => names.get(index);
  const reports = collect(socket, writeGetLinks, (message) => {
    const report = readLink(message);
    if (report === undefined) return undefined;
    names.set(report.index, report.name);
    // The bytes of a message are gone with the next one.
    return { ...report, mac: report.mac === undefined ? undefined : Uint8Array.from(report.mac) };
  });
  const links = reports.map((report) => linkOf(report, nameOf)).filter((link) => link !== undefined);
  return {
    links: new Map(links.map((link) => [link.name, link])),
    addresses: collect(socket, writeGetAddresses, (message) => addressOf(readAddress(message), nameOf)),
    routes: [
      ...collect(socket, routesOf('IPv4'), (message) => routeOf(readRoute(message), nameOf)),
      ...collect(socket, routesOf('IPv6'), (message) => routeOf(readRoute(message), nameOf)),
    ],
    ...rulesOf(socket),
    neighbours: collect(socket, tableOf('neighbours'), (message) =>
      neighbourOf(readNeighbour(message), nameOf),
    ),
    fdb: collect(socket, tableOf('forwarding'), (message): FdbEntry | undefined =>
      neighbourOf(readNeighbour(message), nameOf),
    ),
  };
}

function collect<T>(
  socket: RouteSocket,
  request: Request,
  read: (message: NetlinkMessage) => T | undefined,
): T[] {
  let values: T[] = [];
  socket.dump(request, {
    start: () => {
      values = [];
    },
    visit: (message) => {
      const value = read(message);
      if (value !== undefined) values.push(value);
    },
  });
  return values;
}

function routesOf(family: 'IPv4' | 'IPv6'): Request {
  return (writer, sequence) => writeGetRoutes(writer, sequence, family);
}

/** Namespaces without rules of anybody's have none to report. */
function rulesOf(socket: RouteSocket): Pick<NamespaceState, 'rules'> {
  const rules = (['IPv4', 'IPv6'] as const).flatMap((family) =>
    collect(socket, (writer, sequence) => writeGetRules(writer, sequence, family), readRule),
  );
  return rules.length === 0 ? {} : { rules };
}

function tableOf(table: 'neighbours' | 'forwarding'): Request {
  return (writer, sequence) => writeGetNeighbours(writer, sequence, table);
}

function linkOf({ name, kind, mac, mtu, master, vxlan }: LinkReport, nameOf: NameOf): Link | undefined {
  const bridge = master === undefined ? undefined : nameOf(master);
  const base = {
    name,
    ...(mac === undefined ? {} : { mac: formatMac(mac) }),
    ...(mtu === undefined ? {} : { mtu }),
    ...(bridge === undefined ? {} : { master: bridge }),
  };
  if (kind === 'veth') return { kind: 'veth-peer', ...base };
  if (kind === 'bridge') return { kind, ...base };
  if (kind !== 'vxlan' || vxlan === undefined) return undefined;
  const { vni, port, local } = vxlan;
  return { kind, ...base, vni, port, local: formatAddress(local), device: nameOf(vxlan.device) ?? '' };
}

function addressOf(report: AddressReport | undefined, nameOf: NameOf): LinkAddress | undefined {
  if (report === undefined || report.automatic) return undefined;
  const link = nameOf(report.index);
  const address = `${formatAddress(report.address)}/${report.length}`;
  // The kernel does not mark 127.0.0.1 as its own.
  if (link === undefined || (link === 'lo' && address === '127.0.0.1/8')) return undefined;
  return { link, address };
}

function routeOf(report: RouteReport | undefined, nameOf: NameOf): Route | undefined {
  if (report === undefined || !isManaged(report)) return undefined;
  const leadsNowhere = ['blackhole', 'unreachable', 'throw'].includes(report.type);
  const link = leadsNowhere ? 'lo' : nameOf(report.index ?? 0);
  if (link === undefined) return undefined;
  return { destination: formatPrefix(report.destination), link, ...nextHopOf(report), ...choiceOf(report) };
}

/** Installed by Weft or by hand: not by the kernel, and not by a routing daemon. */
function isManaged({ protocol }: RouteReport): boolean {
  return protocol === RTPROT_BOOT || protocol === RTPROT_STATIC;
}

function nextHopOf({ via, onlink, source }: RouteReport): Pick<Route, 'via' | 'onlink' | 'source'> {
  return {
    ...(via === undefined ? {} : { via: formatAddress(via) }),
    ...(onlink === true ? { onlink } : {}),
    ...(source === undefined ? {} : { source: formatAddress(source) }),
  };
}

function choiceOf({
  destination,
  metric,
  type,
  table,
}: RouteReport): Pick<Route, 'metric' | 'type' | 'table'> {
  const isDefault = metric === undefined || metric === defaultMetric[destination.family];
  return {
    ...(isDefault ? {} : { metric }),
    ...(type === 'unicast' ? {} : { type }),
    ...(table === RT_TABLE_MAIN ? {} : { table }),
  };
}

function neighbourOf(report: NeighbourReport | undefined, nameOf: NameOf): Neighbour | undefined {
  const link = report === undefined ? undefined : nameOf(report.index);
  if (report === undefined || link === undefined) return undefined;
  return { link, address: formatAddress(report.address), mac: formatMac(report.mac) };
}
