import { familyOf, formatAddress, inFamily, parseAddress } from '../../lib/address.ts';
import { contains, everyAddress, parsePrefix } from '../../lib/prefix.ts';
import type { Link, NamespaceState, Neighbour, Route } from '../../kernel/route/port.ts';
import { shortHash } from '../../lib/hash.ts';
import { mergedStates, networkNamespaces } from '../networks/namespaces.ts';
import { switchBridge } from './switch-bridge.ts';
import { macOf } from '../../model/network/places.ts';
import { segmentNetns } from '../../model/fabric/default-fabric.ts';
import type { Fabric, Machine, MachineInterface, Segment } from '../../model/fabric/machines.ts';

/**
 * The desired state of every namespace of the fabric, switches first, for they make both ends of each cable, and of those
 * the ones with an uplink.
 */
export function fabricNamespaces(fabric: Fabric): Map<string, NamespaceState> {
  const states = new Map<string, NamespaceState>();
  const switches = fabric.segments.toSorted(
    (a, b) => Number(b.uplink !== undefined) - Number(a.uplink !== undefined),
  );
  for (const segment of switches) states.set(segmentNetns(segment.name), switchState(segment, fabric));
  for (const machine of fabric.machines) states.set(machine.netns, machineState(machine, fabric.machines));
  for (const [netns, state] of fabric.networks === undefined ? [] : networkNamespaces(fabric.networks)) {
    const known = states.get(netns);
    states.set(netns, known === undefined ? state : mergedStates(known, state));
  }
  return states;
}

function switchState({ name: own, uplink }: Segment, { segments, machines }: Fabric): NamespaceState {
  const links = new Map<string, Link>([[switchBridge, { kind: 'bridge', name: switchBridge }]]);
  if (uplink !== undefined) {
    const peer = { name: uplinkName(own), namespace: segmentNetns(uplink) };
    links.set('uplink', { kind: 'veth', name: 'uplink', master: switchBridge, peer });
  }
  for (const below of segments.filter((segment) => segment.uplink === own)) {
    const name = uplinkName(below.name);
    links.set(name, { kind: 'veth-peer', name, master: switchBridge });
  }
  for (const machine of machines) {
    for (const nic of machine.interfaces.filter((candidate) => candidate.segment === own)) {
      const name = cableName(machine, nic);
      const peer = { name: nic.name, namespace: machine.netns, mac: macOfInterface(nic) };
      links.set(name, { kind: 'veth', name, master: switchBridge, peer });
    }
  }
  return { links, addresses: [], routes: [], neighbours: [], fdb: [] };
}

/** A switch's end of the cable to one whose uplink it is. */
function uplinkName(segment: string): string {
  return `u${shortHash(segment).slice(-11)}`;
}

/**
 * The switch's end of a cable, named after the machine where the kernel's 15 characters allow it: the first interface's
 * cable is the same whether there are others or not.
 */
function cableName(machine: Machine, nic: MachineInterface): string {
  const plain = nic === machine.interfaces[0] ? machine.name : `${machine.name}-${nic.name}`;
  return plain.length <= 15 ? plain : `m${shortHash(plain).slice(-11)}`;
}

function machineState(machine: Machine, all: readonly Machine[]): NamespaceState {
  const first = machine.interfaces[0]?.name ?? 'lo';
  const routes = machine.routes.map(({ destination, via, metric, link }): Route => {
    const base = { destination, ...(metric !== undefined && { metric }) };
    return via === 'unreachable'
      ? { ...base, link: 'lo', type: 'unreachable' }
      : { ...base, link: link ?? linkTowards(machine, via) ?? first, via };
  });
  if (machine.answersForAll === true) {
    const spoken = new Set(machine.interfaces.flatMap(({ addresses }) => addresses.map(familyOf)));
    for (const family of spoken)
      routes.push({ destination: everyAddress[family], link: 'lo', type: 'local' });
  }
  return {
    links: new Map(
      machine.interfaces.map((nic) => [
        nic.name,
        { kind: 'veth-peer', name: nic.name, mac: macOfInterface(nic) } as const,
      ]),
    ),
    addresses: machine.interfaces.flatMap(({ name, addresses }) =>
      [...addresses, ...linkLocal(addresses)].map((address) => ({ link: name, address })),
    ),
    routes,
    neighbours: machine.interfaces.flatMap((nic) => neighboursOf(machine, { nic, all })),
    fdb: [],
  };
}

/**
 * The other machines of the segment, known for good. Entries that the kernel learns count against a limit of the whole
 * machine (gc_thresh3, 1,024 by default), which the nodes of one lab reach when each of 32 talks to every other.
 */
function neighboursOf(
  machine: Machine,
  { nic, all }: { readonly nic: MachineInterface; readonly all: readonly Machine[] },
): Neighbour[] {
  const others = all
    .filter((other) => other !== machine)
    .flatMap(({ interfaces }) => interfaces.filter(({ segment }) => segment === nic.segment));
  return others.flatMap((other) =>
    other.addresses.map((address) => ({
      link: nic.name,
      address: address.slice(0, address.indexOf('/')),
      mac: macOfInterface(other),
    })),
  );
}

/**
 * A link-local address where the interface has an IPv6 one: without it, a machine that forwards a packet cannot ask
 * who has the next hop, for it asks by its own name (RFC 4861 section 4.3, ndisc_send_ns). The interface identifier
 * is that of the other address.
 */
function linkLocal(addresses: readonly string[]): string[] {
  const address = parseAddress(inFamily(addresses, 'IPv6')?.split('/')[0] ?? '');
  if (address === undefined) return [];
  const value = (0xfe80n << 112n) | (address.value & ((1n << 64n) - 1n));
  return [`${formatAddress({ family: 'IPv6', value })}/64`];
}

/** The interface whose own prefix covers a next hop. */
function linkTowards(machine: Machine, via: string): string | undefined {
  const hop = parseAddress(via);
  if (hop === undefined) return undefined;
  return machine.interfaces.find(({ addresses }) =>
    addresses.some((address) => {
      const prefix = parsePrefix(address);
      return prefix !== undefined && contains(prefix, hop);
    }),
  )?.name;
}

function macOfInterface({ mac, addresses: [first = ''] }: MachineInterface): string {
  return mac ?? macOf(first.slice(0, first.indexOf('/')));
}
