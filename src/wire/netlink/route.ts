import { addressBytes, addressFromBytes, type Address, type Family } from '../../lib/address.ts';
import { bitsOf } from '../../lib/address.ts';
import { prefixOf, type Prefix } from '../../lib/prefix.ts';
import type { Attributes } from './attributes.ts';
import { parseAttributes } from './attributes.ts';
import { malformed } from './bytes.ts';
import { addressFamily } from './family.ts';
import type { NetlinkMessage } from './message.ts';
import { NLM_F_DUMP, NLM_F_REQUEST } from './message.ts';
import { acknowledged, createOrReplace } from './request.ts';
import type { MessageWriter } from './writer.ts';

const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_GETROUTE = 26;

/*
 * struct rtmsg (linux/rtnetlink.h)
 *    0      1        2        3     4       5          6       7      8       12
 *   +------+--------+--------+-----+-------+----------+-------+------+-------+
 *   |family|dst bits|src bits| tos | table | protocol | scope | type | flags |
 *   +------+--------+--------+-----+-------+----------+-------+------+-------+
 */
const headerSize = 12;

const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_PREFSRC = 7;
const RTA_TABLE = 15;
const RTA_VIA = 18;

const RT_TABLE_COMPAT = 252;
export const RT_TABLE_MAIN = 254;
export const RTPROT_BOOT = 3;
export const RTPROT_STATIC = 4;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RT_SCOPE_HOST = 254;
// Of every namespace (LOOPBACK_IFINDEX).
const loopbackIndex = 1;
const RTNH_F_ONLINK = 4;
const RTM_F_CLONED = 0x200;

/** RTN_* of the types Weft uses. */
const routeTypes = { unicast: 1, local: 2, blackhole: 6, unreachable: 7, throw: 9 } as const;

type RouteType = keyof typeof routeTypes;

/** What the kernel gives an IPv6 route that is added without a metric (IP6_RT_PRIO_USER). */
export const defaultMetric = { IPv4: 0, IPv6: 1024 } as const satisfies Record<Family, number>;

/** A route. */
export interface KernelRoute {
  readonly destination: Prefix;
  /** RT_TABLE_MAIN when absent. */
  readonly table?: number | undefined;
  /** Index of the link; absent for blackhole, unreachable and throw. */
  readonly index?: number | undefined;
  readonly via?: Address | undefined;
  readonly onlink?: boolean;
  readonly source?: Address | undefined;
  /** The family's default when absent. */
  readonly metric?: number | undefined;
  readonly type: RouteType;
}

/** Adds a route, in place of the one with the same destination and metric. */
export function writeNewRoute(writer: MessageWriter, sequence: number, route: KernelRoute): void {
  writer.begin({ type: RTM_NEWROUTE, flags: createOrReplace, sequence });
  writer.bytes(header(route, scopeOf(route)));
  writeAttributes(writer, route);
  writer.end();
}

/**
 * Deletes exactly this route: another one with the same destination stays. ESRCH when there is none. (An IPv4
 * route without a metric also matches one that differs in its metric only: the kernel takes 0 as any. IPv6 does not tell
 * apart routes that lead nowhere.)
 */
export function writeDeleteRoute(writer: MessageWriter, sequence: number, route: KernelRoute): void {
  writer.begin({ type: RTM_DELROUTE, flags: acknowledged, sequence });
  // Without a scope (RT_SCOPE_NOWHERE) IPv4 takes a route without a next hop for any next hop.
  writer.bytes(header(route, scopeOf(route)));
  writeAttributes(writer, route);
  if (route.destination.family === 'IPv6') writeAbsent(writer, route);
  writer.end();
}

/** IPv6 takes what is not told for any: no next hop is the address ::, and routes that lead nowhere are on `lo`. */
function writeAbsent(writer: MessageWriter, { via, index }: KernelRoute): void {
  if (via === undefined) writer.attribute(RTA_GATEWAY, new Uint8Array(16));
  if (index === undefined) writer.u32(RTA_OIF, loopbackIndex);
}

/** Asks for the routes of all tables of one family. */
export function writeGetRoutes(writer: MessageWriter, sequence: number, family: Family): void {
  const bytes = Buffer.alloc(headerSize);
  bytes.writeUInt8(addressFamily[family], 0);
  writer.begin({ type: RTM_GETROUTE, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence });
  writer.bytes(bytes);
  writer.end();
}

function header(
  { destination, onlink = false, type, table = RT_TABLE_MAIN }: KernelRoute,
  scope: number,
): Uint8Array {
  const bytes = Buffer.alloc(headerSize);
  bytes.writeUInt8(addressFamily[destination.family], 0);
  bytes.writeUInt8(destination.length, 1);
  // Tables beyond a byte stand in their attribute.
  bytes.writeUInt8(table > 255 ? RT_TABLE_COMPAT : table, 4);
  bytes.writeUInt8(RTPROT_STATIC, 5);
  bytes.writeUInt8(scope, 6);
  bytes.writeUInt8(routeTypes[type], 7);
  bytes.writeUInt32LE(onlink ? RTNH_F_ONLINK : 0, 8);
  return bytes;
}

/** IPv4 wants to know how far the destination is (fib_semantics.c refuses a gateway in scope link). */
function scopeOf({ type, via }: KernelRoute): number {
  if (type === 'local') return RT_SCOPE_HOST;
  return type === 'unicast' && via === undefined ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

function writeAttributes(writer: MessageWriter, route: KernelRoute): void {
  const { destination, index, source, via, table = RT_TABLE_MAIN } = route;
  if (table > 255) writer.u32(RTA_TABLE, table);
  if (destination.length > 0) writer.attribute(RTA_DST, addressBytes(destination.network));
  if (index !== undefined) writer.u32(RTA_OIF, index);
  if (via !== undefined) writeNextHop(writer, destination.family, via);
  if (source !== undefined) writer.attribute(RTA_PREFSRC, addressBytes(source));
  const metric = route.metric ?? defaultMetric[destination.family];
  if (metric !== 0) writer.u32(RTA_PRIORITY, metric);
}

/** An IPv4 destination may have an IPv6 next hop, in RTA_VIA: the family in 16 bits, then the address. */
function writeNextHop(writer: MessageWriter, family: Family, via: Address): void {
  const bytes = addressBytes(via);
  if (via.family === family) writer.attribute(RTA_GATEWAY, bytes);
  else writer.attribute(RTA_VIA, Uint8Array.of(addressFamily[via.family], 0, ...bytes));
}

/** A route as the kernel reports it. */
export interface RouteReport extends KernelRoute {
  readonly table: number;
  /** RTPROT_*: who installed it. */
  readonly protocol: number;
}

/**
 * Reads RTM_NEWROUTE. Undefined for any other message, for types of route Weft does not use, and for what the
 * kernel only caches. Throws `netlink-malformed`.
 */
export function readRoute(message: NetlinkMessage): RouteReport | undefined {
  if (message.type !== RTM_NEWROUTE) return undefined;
  const { payload } = message;
  if (payload.length < headerSize) throw malformed('route without its header');
  const flags = payload.readUInt32LE(8);
  const type = typeOf(payload.readUInt8(7));
  const family = familyOf(payload.readUInt8(0));
  if (type === undefined || family === undefined || (flags & RTM_F_CLONED) !== 0) return undefined;
  const attributes = parseAttributes(payload.subarray(headerSize));
  return {
    destination: readDestination(attributes, family, payload.readUInt8(1)),
    index: attributes.u32(RTA_OIF),
    via: readNextHop(attributes),
    onlink: (flags & RTNH_F_ONLINK) !== 0,
    source: readAddress(attributes.bytes(RTA_PREFSRC)),
    metric: attributes.u32(RTA_PRIORITY) ?? 0,
    type,
    table: attributes.u32(RTA_TABLE) ?? payload.readUInt8(4),
    protocol: payload.readUInt8(5),
  };
}

function typeOf(number: number): RouteType | undefined {
  const types: readonly RouteType[] = ['unicast', 'local', 'blackhole', 'unreachable', 'throw'];
  return types.find((type) => routeTypes[type] === number);
}

function familyOf(number: number): Family | undefined {
  const families: readonly Family[] = ['IPv4', 'IPv6'];
  return families.find((family) => addressFamily[family] === number);
}

function readDestination(attributes: Attributes, family: Family, length: number): Prefix {
  const network = readAddress(attributes.bytes(RTA_DST)) ?? { family, value: 0n };
  if (network.family !== family || length > bitsOf(family)) throw malformed('route with a wrong destination');
  return prefixOf(network, length);
}

function readNextHop(attributes: Attributes): Address | undefined {
  return readAddress(attributes.bytes(RTA_GATEWAY) ?? attributes.bytes(RTA_VIA)?.subarray(2));
}

function readAddress(bytes: Uint8Array | undefined): Address | undefined {
  if (bytes === undefined) return undefined;
  const address = addressFromBytes(bytes);
  if (address === undefined) throw malformed(`address of ${bytes.length} bytes in a route`);
  return address;
}
