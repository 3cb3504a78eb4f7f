import { writeDeleteAddress, writeNewAddress } from '../../wire/netlink/address.ts';
import { writeDeleteLink, writeNewLink, writeSetLink, type LinkInfo } from '../../wire/netlink/link.ts';
import { formatMac } from '../../wire/netlink/mac.ts';
import {
  writeDeleteForwarding,
  writeDeleteNeighbour,
  writeNewForwarding,
  writeNewNeighbour,
  type KernelNeighbour,
} from '../../wire/netlink/neighbour.ts';
import { writeDeleteRule, writeNewRule } from '../../wire/netlink/rule.ts';
import { writeDeleteRoute, writeNewRoute, type KernelRoute } from '../../wire/netlink/route.ts';
import type { MessageWriter } from '../../wire/netlink/writer.ts';
import { address, addressWithLength, destination, integer, linkName, macBytes } from './parse.ts';
import type { Link, LinkAddress, Neighbour, Route, RouteOperation, RoutingRule, VethLink } from './port.ts';
import type { Request } from './socket.ts';

/** What an operation refers to by name, as the kernel knows it. All throw `Refusal` for unknown names. */
export interface Numbers {
  indexOf(link: string): number;
  /** The link-layer address it has now. */
  macOf(link: string): string;
  descriptorOf(namespace: string): number;
}

/** The request that carries out an operation. Throws `Refusal` for what needs no kernel to be wrong. */
export function requestFor(operation: RouteOperation, numbers: Numbers): Request {
  if ('name' in operation) return request(writeDeleteLink, linkName(operation.name));
  if ('link' in operation) {
    return operation.action === 'add-link'
      ? addLink(operation.link, numbers)
      : setLink(operation.link, numbers);
  }
  if ('address' in operation) {
    const write = operation.action === 'add-address' ? writeNewAddress : writeDeleteAddress;
    return request(write, interfaceAddress(operation.address, numbers));
  }
  if ('route' in operation) {
    const write = operation.action === 'add-route' ? writeNewRoute : writeDeleteRoute;
    return request(write, kernelRoute(operation.route, numbers));
  }
  if ('rule' in operation) return ruleRequest(operation.action === 'add-rule', operation.rule);
  if ('neighbour' in operation) {
    const write = operation.action === 'add-neighbour' ? writeNewNeighbour : writeDeleteNeighbour;
    return request(write, kernelNeighbour(operation.neighbour, numbers));
  }
  const write = operation.action === 'add-fdb' ? writeNewForwarding : writeDeleteForwarding;
  return request(write, kernelNeighbour(operation.entry, numbers));
}

function request<T>(write: (writer: MessageWriter, sequence: number, value: T) => void, value: T): Request {
  return (writer, sequence) => write(writer, sequence, value);
}

/** Names of the links whose index an operation needs. */
export function linksNeededBy(operation: RouteOperation): readonly string[] {
  if ('name' in operation) return [];
  if ('link' in operation) return linksNeededByLink(operation.link, changesLink(operation));
  if ('address' in operation) return [operation.address.link];
  if ('route' in operation) return hasNoLink(operation.route) ? [] : [operation.route.link];
  if ('rule' in operation) return [];
  if ('neighbour' in operation) return [operation.neighbour.link];
  return [operation.entry.link];
}

/** Whether the operation is about a link that exists. */
function changesLink({ action, link }: { action: string; link: Link }): boolean {
  return action === 'set-link' || link.kind === 'veth-peer';
}

function linksNeededByLink(link: Link, exists: boolean): readonly string[] {
  const master = link.master === undefined ? [] : [link.master];
  if (exists) return [...master, link.name];
  return link.kind === 'vxlan' ? [...master, link.device] : master;
}

/** The kernel refuses a link in routes that lead nowhere. */
function hasNoLink({ type }: Route): boolean {
  return type === 'blackhole' || type === 'unreachable' || type === 'throw';
}

function addLink(link: Link, numbers: Numbers): Request {
  if (link.kind === 'veth-peer') return setLink(link, numbers);
  const master = link.master === undefined ? {} : { master: numbers.indexOf(link.master) };
  const value = { ...attributes(link), ...master, info: linkInfo(link, numbers) };
  return request(writeNewLink, value);
}

function setLink(link: Link, numbers: Numbers): Request {
  const { mac, ...rest } = attributes(link);
  const master = link.master === undefined ? 0 : numbers.indexOf(link.master);
  // The kernel drops the neighbours of a link whose mac is set, also to what it is.
  const unchanged = mac === undefined || formatMac(mac) === numbers.macOf(link.name);
  return request(writeSetLink, { ...rest, ...(unchanged ? {} : { mac }), master });
}

function attributes({ name, mac, mtu }: { name: string; mac?: string; mtu?: number }) {
  return {
    name: linkName(name),
    ...(mac === undefined ? {} : { mac: macBytes(mac) }),
    ...(mtu === undefined ? {} : { mtu: integer('MTU', mtu, 0xffff_ffff) }),
  };
}

function linkInfo(link: Exclude<Link, { kind: 'veth-peer' }>, numbers: Numbers): LinkInfo {
  if (link.kind === 'bridge') return { kind: 'bridge' };
  if (link.kind === 'veth') return { kind: 'veth', peer: vethPeer(link.peer, numbers) };
  return {
    kind: 'vxlan',
    vni: integer('VNI', link.vni, 0xff_ffff),
    port: integer('port', link.port, 0xffff),
    local: address(link.local),
    device: numbers.indexOf(link.device),
  };
}

function vethPeer(peer: VethLink['peer'], numbers: Numbers) {
  return { ...attributes(peer), namespaceFd: numbers.descriptorOf(peer.namespace) };
}

function interfaceAddress({ link, address }: LinkAddress, numbers: Numbers) {
  return { index: numbers.indexOf(link), ...addressWithLength(address) };
}

function kernelRoute(route: Route, numbers: Numbers): KernelRoute {
  return {
    destination: destination(route.destination),
    index: hasNoLink(route) ? undefined : numbers.indexOf(route.link),
    via: route.via === undefined ? undefined : address(route.via),
    onlink: route.onlink ?? false,
    source: route.source === undefined ? undefined : address(route.source),
    metric: route.metric === undefined ? undefined : integer('metric', route.metric, 0xffff_ffff),
    type: route.type ?? 'unicast',
    ...(route.table === undefined ? {} : { table: integer('table', route.table, 0xffff_ffff) }),
  };
}

function ruleRequest(isNew: boolean, rule: RoutingRule): Request {
  return request(isNew ? writeNewRule : writeDeleteRule, {
    family: rule.family,
    priority: integer('priority', rule.priority, 0xffff_ffff),
    mark: integer('mark', rule.mark, 0xffff_ffff),
    ...(rule.mask === undefined ? {} : { mask: integer('mask', rule.mask, 0xffff_ffff) }),
    table: integer('table', rule.table, 0xffff_ffff),
  });
}

function kernelNeighbour(entry: Neighbour, numbers: Numbers): KernelNeighbour {
  return { index: numbers.indexOf(entry.link), address: address(entry.address), mac: macBytes(entry.mac) };
}
