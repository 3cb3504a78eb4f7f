import { formatMac } from '../../wire/netlink/mac.ts';
import { removeFakeLink, withoutMaster, type FakeLink, type FakeState } from './fake-state.ts';
import { address, integer, linkName, macBytes } from './parse.ts';
import type { Link, VethLink, VxlanLink } from './port.ts';
import { noSuchLink, Refusal } from './refusal.ts';

const ethernetMtu = 1500;
// Outer Ethernet, IPv4, UDP and VXLAN headers (vxlan.c).
const vxlanHeadroom = 50;

let nextMac = 1;

/** Adds a link as the kernel would; throws `Refusal`. `stateOf` finds the namespace of a veth's other end. */
export function addFakeLink(state: FakeState, link: Link, stateOf: (namespace: string) => FakeState): void {
  if (link.kind === 'veth-peer') return setFakeLink(state, link);
  if (link.master !== undefined) requireFakeLink(state, link.master);
  refuseTaken(state, link.name);
  checkMaster(state, link);
  if (link.kind === 'veth') return addVeth(state, link, stateOf);
  const mtu = link.kind === 'vxlan' ? mtuOver(state, link) : ethernetMtu;
  state.links.set(link.name, { link: { ...link, ...attributes(link, mtu) } });
}

function addVeth(state: FakeState, link: VethLink, stateOf: (namespace: string) => FakeState): void {
  const { peer, ...near } = link;
  const there = stateOf(peer.namespace);
  refuseTaken(there, peer.name);
  const far = { kind: 'veth-peer', name: peer.name, ...attributes(peer, ethernetMtu) } as const;
  there.links.set(peer.name, { link: far, peer: { state, name: link.name } });
  const made = { ...near, kind: 'veth-peer', ...attributes(link, ethernetMtu) } as const;
  state.links.set(link.name, { link: made, peer: { state: there, name: peer.name } });
}

/** Changes an existing link as the kernel would; throws `Refusal`. */
export function setFakeLink(state: FakeState, link: Link): void {
  const known = state.links.get(linkName(link.name));
  if (known === undefined) throw noSuchLink(link.name);
  checkMaster(state, link);
  const { mac, mtu } = { ...known.link, ...definedOnly(link) };
  const changed = { ...withoutMaster(known.link), ...attributes({ mac, mtu }, ethernetMtu) };
  if (changed.mac !== known.link.mac)
    state.neighbours = state.neighbours.filter((one) => one.link !== link.name);
  known.link = link.master === undefined ? changed : { ...changed, master: link.master };
}

/** Deletes a link and its other end; nothing when there is none. Throws `Refusal`. */
export function deleteFakeLink(state: FakeState, name: string): void {
  removeFakeLink(state, linkName(name));
}

/** The link, `lo` included. Throws `Refusal` ENODEV. */
export function requireFakeLink(state: FakeState, name: string): FakeLink | undefined {
  const found = state.links.get(name);
  if (found === undefined && name !== 'lo') throw noSuchLink(name);
  return found;
}

function refuseTaken(state: FakeState, name: string): void {
  if (linkName(name) === 'lo' || state.links.has(name)) throw new Refusal('EEXIST', 'File exists');
}

function checkMaster(state: FakeState, { master }: Link): void {
  if (master === undefined) return;
  const bridge = requireFakeLink(state, master);
  if (bridge?.link.kind !== 'bridge') throw new Refusal('EOPNOTSUPP', `${master} is no bridge`);
}

function mtuOver(state: FakeState, link: VxlanLink): number {
  const device = requireFakeLink(state, link.device);
  integer('VNI', link.vni, 0xff_ffff);
  integer('port', link.port, 0xffff);
  address(link.local);
  const same = ({ link: other }: FakeLink) =>
    other.kind === 'vxlan' && other.vni === link.vni && other.port === link.port;
  if (state.links.values().some(same)) throw new Refusal('EEXIST', 'a VXLAN device with this VNI exists');
  return (device?.link.mtu ?? ethernetMtu) - vxlanHeadroom;
}

function attributes(
  { mac, mtu }: { mac?: string | undefined; mtu?: number | undefined },
  defaultMtu: number,
) {
  return {
    mac: mac === undefined ? randomMac() : formatMac(macBytes(mac)),
    mtu: mtu === undefined ? defaultMtu : integer('MTU', mtu, 0xffff),
  };
}

function randomMac(): string {
  const bytes = Buffer.from([2, 0xfa, 0, 0, 0, 0]);
  bytes.writeUInt32BE(nextMac++, 2);
  return formatMac(bytes);
}

function definedOnly({ mac, mtu }: Link): { mac?: string; mtu?: number } {
  return { ...(mac === undefined ? {} : { mac }), ...(mtu === undefined ? {} : { mtu }) };
}
