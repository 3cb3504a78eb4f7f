import type { VirtualMachine, VirtualMachineInterface } from '../../../api/types/fabric.ts';
import type { NodeRoute, Segment, SegmentAddress, VirtualSwitch } from '../../../api/types/layer2.ts';
import { familyOf } from '../../../lib/address.ts';
import { hash32, shortHash } from '../../../lib/hash.ts';
import { everyAddress, formatPrefix } from '../../../lib/prefix.ts';
import { nodeSegment } from '../default-fabric.ts';
import { virtualMachineNetns } from '../network/machine-interfaces.ts';
import type { Machine, MachineInterface, MachineRoute, Segment as FabricSegment } from '../machines.ts';
import { nodeLink } from '../../network/topology.ts';
import {
  dhcpLink,
  dhcpServerOf,
  domainOfInterface,
  heldOf,
  isOnLayer2,
  isOnNodeSegment,
  natLink,
  type Held,
} from './demands.ts';
import { domainsOf, switchName, uplinkOf, withLength, type AddressDomain, type Domains } from './domains.ts';
import { takenRoutes, type ClusterRanges, type RoutedInterface, type RouteProblem } from './node-routes.ts';

/** The API objects that the layer-2 world follows from. */
export interface Layer2Objects {
  readonly segments: readonly Segment[];
  readonly switches: readonly VirtualSwitch[];
  readonly machines: readonly VirtualMachine[];
  readonly addresses: readonly SegmentAddress[];
  readonly routes: readonly NodeRoute[];
}

/** What the objects add to the world around the nodes. */
export interface Layer2World {
  readonly segments: readonly FabricSegment[];
  /** Those that are no nodes. */
  readonly machines: readonly Machine[];
  /** What the machine of a node has more, by the node's name. */
  readonly ofNodes: ReadonlyMap<string, Pick<Machine, 'interfaces' | 'routes'>>;
  /** Interfaces of the lab's router: it is the way out of segments whose gateway is nobody else's. */
  readonly ofRouter: readonly MachineInterface[];
  /** Prefixes of those segments. */
  readonly routed: readonly string[];
}

/** The names that a machine's own kernel takes for an interface. */
const linkNames = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,14}$/;

/** Pin's name of the namespace of the host behind an internal switch. */
export function hostNetns(virtualSwitch: string): string {
  return `host-${virtualSwitch}`;
}

/** Pin's name of the namespace of a domain's DHCP server, and its link. */
export function dhcpNetns({ key }: Pick<AddressDomain, 'key'>): string {
  return `dhcp-${key.toLowerCase().replace('/', '-')}`;
}

/** The world of the objects; `nodes` are the names of the machines that nodes run on. */
export function layer2World(
  objects: Layer2Objects,
  nodes: ReadonlySet<string>,
  ranges: ClusterRanges,
): Layer2World {
  const domains = domainsOf(objects.segments, objects.switches);
  const held = heldOf(objects.addresses);
  const ofNodes = new Map(
    objects.machines
      .filter(({ metadata }) => nodes.has(metadata.name))
      .map((vm) => [vm.metadata.name, ofNode(vm, { objects, domains, held, ranges })]),
  );
  const others = objects.machines.filter(({ metadata }) => !nodes.has(metadata.name));
  const gates = gatesOf(objects, domains);
  return {
    segments: segmentsOf(objects, domains),
    machines: [
      ...others.flatMap((vm) => machineOf(vm, domains, held)),
      ...objects.switches.flatMap((one) => natMachine(one, domains, held)),
      ...[...domains.byKey.values()].flatMap((domain) => dhcpMachine(domain, held)),
    ],
    ofNodes,
    ofRouter: gates.map(({ name, domain }) => ({
      name: routerLink(name),
      segment: domain.switch,
      addresses: [withLength(domain, domain.gateway ?? '')],
    })),
    routed: gates.flatMap(({ domain }) => (domain.prefix === undefined ? [] : [formatPrefix(domain.prefix)])),
  };
}

/** Segments of one VLAN are one switch; a VirtualSwitch is one of its own, an external one with a cable to its uplink's. */
function segmentsOf({ switches }: Layer2Objects, { segments, switches: known }: Domains): FabricSegment[] {
  const names = new Set([...segments.values()].map((domain) => domain.switch));
  names.delete(nodeSegment);
  return [
    ...[...names].map((name) => ({ name })),
    ...switches.flatMap(({ metadata: { name }, spec }): FabricSegment[] => {
      if (!known.has(name)) return [];
      const uplink = segments.get(uplinkOf(spec))?.switch;
      const hasUplink = spec.type === 'external' && uplink !== undefined;
      return [{ name: switchName(name), ...(hasUplink && { uplink }) }];
    }),
  ];
}

/** Interfaces whose name the kernel takes and whose segment there is. */
function pluggedIn(
  vm: VirtualMachine,
  domains: Domains,
): { readonly nic: VirtualMachineInterface; readonly domain: AddressDomain }[] {
  return vm.spec.interfaces
    .filter((nic) => isOnLayer2(nic) && linkNames.test(nic.name))
    .flatMap((nic) => {
      const domain = domainOfInterface(nic, domains);
      return domain === undefined ? [] : [{ nic, domain }];
    });
}

function interfaceOf(
  vm: VirtualMachine,
  { nic, domain }: { nic: VirtualMachineInterface; domain: AddressDomain },
  held: Held,
): MachineInterface {
  const holder = { kind: 'VirtualMachine', name: vm.metadata.name, interface: nic.name } as const;
  const addresses = held(domain.key, holder).map((address) => withLength(domain, address));
  return {
    name: nic.name,
    segment: domain.switch,
    addresses,
    ...(addresses.length === 0 && { mac: macOfName(`${vm.metadata.name} ${nic.name}`) }),
  };
}

/** Leaves by the gateway of the first segment that has one, unless it is that gateway. */
function machineOf(vm: VirtualMachine, domains: Domains, held: Held): Machine[] {
  const plugged = pluggedIn(vm, domains);
  // Interfaces in virtual networks belong to machines of that world.
  if (plugged.length === 0 || vm.spec.interfaces.some((nic) => !isOnLayer2(nic))) return [];
  const interfaces = plugged.map((one) => interfaceOf(vm, one, held));
  const own = new Set(interfaces.flatMap(({ addresses }) => addresses.map(withoutLength)));
  const gateways = plugged.flatMap(({ domain: { gateway, key } }, index) =>
    gateway === undefined || own.has(gateway) || interfaces[index]?.addresses.length === 0
      ? []
      : [{ via: gateway, key }],
  );
  const netns = virtualMachineNetns(vm.metadata.name);
  const forwards = vm.spec.interfaces.some(({ enableIPForwarding }) => enableIPForwarding === true);
  const masquerades = plugged.filter(({ nic }) => nic.masquerade === true).map(({ nic }) => nic.name);
  const routes = defaultRoutes(gateways);
  return [{ name: netns, netns, interfaces, routes, masquerades, ...(forwards && { forwards }) }];
}

/** By gateways of domains, of which the first of a family counts. */
function defaultRoutes(gateways: readonly { readonly via: string; readonly key: string }[]): MachineRoute[] {
  const byFamily = new Map(gateways.toReversed().map((one) => [familyOf(one.via), one]));
  return [...byFamily].map(([family, { via, key }]) => {
    const [kind = '', name = ''] = key.split('/');
    const from = { kind, key: name, path: 'spec.gateway' };
    return { destination: everyAddress[family], via, from };
  });
}

/** The host's part of an internal switch: its gateway, which puts its own address in place of what leaves. */
function natMachine(one: VirtualSwitch, domains: Domains, held: Held): Machine[] {
  const { name } = one.metadata;
  const [inner, outer] = [domains.switches.get(name), domains.segments.get(uplinkOf(one.spec))];
  if (one.spec.type === 'external' || inner?.gateway === undefined || outer === undefined) return [];
  const addresses = held(outer.key, { kind: 'VirtualSwitch', name, interface: natLink });
  const netns = hostNetns(name);
  const interfaces: MachineInterface[] = [
    { name: 'inside', segment: inner.switch, addresses: [withLength(inner, inner.gateway)] },
    {
      name: natLink,
      segment: outer.switch,
      addresses: addresses.map((address) => withLength(outer, address)),
      ...(addresses.length === 0 && { mac: macOfName(netns) }),
    },
  ];
  const hasWayOut = addresses.length > 0 && outer.gateway !== undefined;
  return [
    {
      name: netns,
      netns,
      interfaces,
      routes: hasWayOut ? defaultRoutes([{ via: outer.gateway, key: outer.key }]) : [],
      forwards: true,
      masquerades: [natLink],
    },
  ];
}

/** The machine of a domain's DHCP server, on the domain's own switch. */
function dhcpMachine(domain: AddressDomain, held: Held): Machine[] {
  const { dhcpServer } = domain;
  if (dhcpServer === undefined) return [];
  // One that it had before may still be written down as its own.
  if (!held(domain.key, dhcpServerOf(domain)).includes(dhcpServer.address)) return [];
  const addresses = [withLength(domain, dhcpServer.address)];
  const netns = dhcpNetns(domain);
  return [
    { name: netns, netns, interfaces: [{ name: dhcpLink, segment: domain.switch, addresses }], routes: [] },
  ];
}

/** A node's further interfaces: the one on the nodes' segment is there as every node has it. */
function ofNode(
  vm: VirtualMachine,
  { objects, domains, held, ranges }: OfNodeOptions,
): Pick<Machine, 'interfaces' | 'routes'> {
  const plugged = pluggedIn(vm, domains).filter(({ nic }) => !isOnNodeSegment(nic));
  return {
    interfaces: plugged.map((one) => interfaceOf(vm, one, held)),
    routes: takenRoutes(routedInterfaces(vm, domains), objects.routes, ranges).routes,
  };
}

interface OfNodeOptions {
  readonly objects: Layer2Objects;
  readonly domains: Domains;
  readonly held: Held;
  readonly ranges: ClusterRanges;
}

/** Why machines of nodes do not take routes, by the name of the NodeRoute; routes that all take are not listed. */
export function routeProblems(
  routes: readonly NodeRoute[],
  { machines, domains, nodes, ranges }: RouteSurroundings,
): Map<string, (RouteProblem & { readonly node: string })[]> {
  const byName = new Map(machines.map((vm) => [vm.metadata.name, vm]));
  const found = new Map<string, (RouteProblem & { readonly node: string })[]>();
  for (const node of nodes) {
    const { problems } = takenRoutes(routedInterfaces(byName.get(node), domains), routes, ranges);
    for (const [name, problem] of problems)
      found.set(name, [...(found.get(name) ?? []), { node, ...problem }]);
  }
  return found;
}

export interface RouteSurroundings {
  readonly machines: readonly VirtualMachine[];
  readonly domains: Domains;
  /** Names. */
  readonly nodes: readonly string[];
  readonly ranges: ClusterRanges;
}

/** The interfaces of a node's machine, the one on the nodes' segment first, under the name that people gave it. */
function routedInterfaces(vm: VirtualMachine | undefined, domains: Domains): RoutedInterface[] {
  const nics = vm?.spec.interfaces ?? [];
  const primary = nics.find(isOnNodeSegment)?.name ?? nodeLink;
  const nodes = domains.segments.get(nodeSegment);
  const further = vm === undefined ? [] : pluggedIn(vm, domains).filter(({ nic }) => !isOnNodeSegment(nic));
  return [
    { name: primary, link: nodeLink, prefix: nodes?.prefix, isStatic: true, gateway: nodes?.gateway },
    ...further.map(({ nic, domain }) => ({
      name: nic.name,
      link: nic.name,
      prefix: domain.prefix,
      isStatic: (nic.addresses ?? []).length > 0,
      gateway: domain.gateway,
    })),
  ];
}

interface Gate {
  readonly name: string;
  readonly domain: AddressDomain;
}

/** Segments with a gateway that no machine has. */
function gatesOf({ machines }: Layer2Objects, domains: Domains): Gate[] {
  const owned = new Set(
    machines.flatMap((vm) =>
      pluggedIn(vm, domains).flatMap(({ nic, domain }) =>
        (nic.addresses ?? []).map((address) => `${domain.key} ${address}`),
      ),
    ),
  );
  return [...domains.segments]
    .map(([name, domain]) => ({ name, domain }))
    .filter(({ name, domain: { key, gateway } }) => {
      return name !== nodeSegment && gateway !== undefined && !owned.has(`${key} ${gateway}`);
    });
}

function routerLink(segment: string): string {
  const plain = `seg-${segment}`;
  return linkNames.test(plain) ? plain : `seg-${shortHash(segment).slice(-11)}`;
}

/** Locally administered, of an interface that has no address to make it of. */
export function macOfName(name: string): string {
  const octets = hash32(name).toString(16).padStart(8, '0').match(/../g) ?? [];
  return `0a:59:${octets.join(':')}`;
}

function withoutLength(address: string): string {
  return address.slice(0, address.indexOf('/'));
}
