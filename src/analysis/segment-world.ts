import { keyOf } from '../api/resources.ts';
import type { Pod } from '../api/types/core.ts';
import type { SegmentAddress } from '../api/types/layer2.ts';
import { familyOf, parseAddress } from '../lib/address.ts';
import { contains, everyAddress } from '../lib/prefix.ts';
import type { Cluster } from '../model/cluster.ts';
import { attachmentsOf, holderOf, type Attachment } from '../model/attachments/attachments.ts';
import { interfaceFacts, interfaceKey, type PodInterface } from '../model/attachments/interfaces.ts';
import { networksAnnotation } from '../model/attachments/selection.ts';
import { defaultFabric, nodeNetns, nodeSegment } from '../model/fabric/default-fabric.ts';
import {
  demandsOfMachine,
  demandsOfServer,
  demandsOfSwitch,
  heldOf,
  type Held,
} from '../model/fabric/layer2/demands.ts';
import { domainsOf, withLength, type Domains } from '../model/fabric/layer2/domains.ts';
import { withLayer2 } from '../model/fabric/layer2/extend.ts';
import { imaginedAddresses } from '../model/fabric/layer2/imagined-addresses.ts';
import { layer2ObjectsOf } from '../model/fabric/layer2/objects.ts';
import type { SegmentMachines } from '../model/fabric/layer2/trip.ts';
import { layer2World, type Layer2Objects } from '../model/fabric/layer2/world.ts';
import type { Fabric, Machine, MachineInterface, RouteOrigin } from '../model/fabric/machines.ts';
import { virtualMachineNetns } from '../model/fabric/network/machine-interfaces.ts';
import { familiesOfNetwork } from '../model/network/config.ts';
import { modelTraits } from '../model/network/models.ts';
import { podAddresses } from '../model/network/pod-addresses.ts';
import type { NodePlace } from '../model/network/topology.ts';
import { createPolicyModel } from '../model/policy/policy-model.ts';
import type { PolicyModel } from '../model/policy/port.ts';

/** The machines around the nodes, where somebody describes segments or what is on them, and pods' further interfaces. */
export interface SegmentWorld extends SegmentMachines {
  /** By `node:NAME`, `vm:NAME`, or the pin of any other machine's namespace. */
  machine(name: string): Machine | undefined;
  /** How people name a machine: `node:NAME`, `vm:NAME`, `NAMESPACE/NAME` of a pod, or the pin of its namespace. */
  nameOf(machine: Machine): string;
  /** A pod as a machine of its further interfaces; undefined for one that has none. */
  pod(key: string): Machine | undefined;
  /** Further interfaces by their keys. */
  readonly interfaces: ReadonlyMap<string, PodInterface>;
  /** What says which addresses are on an interface's own segment; undefined where nobody does. */
  onLink(nic: MachineInterface): RouteOrigin | undefined;
  /** Key of the interface that has an address on the segment of another one. */
  peerAt(interfaceKey: string, address: string): string | undefined;
  /** What MultiNetworkPolicies say about interfaces, which are this model's pods. */
  readonly policies: PolicyModel;
}

/** Undefined where nodes are in virtual networks, and where nobody describes anything. */
export function segmentWorldOf(
  cluster: Cluster,
  places: ReadonlyMap<string, NodePlace>,
  announcers: ReadonlyMap<string, string>,
): SegmentWorld | undefined {
  const { config, layer2 = [] } = cluster;
  if (modelTraits[config.model].world !== 'segment') return undefined;
  const { definitions, ...described } = layer2ObjectsOf(layer2);
  if (!isDescribed(described) && definitions.length === 0) return undefined;
  const domains = domainsOf(described.segments, described.switches);
  const attached = attachedPods(cluster, definitions, { domains, machines: described.machines });
  const addresses =
    described.addresses.length > 0 ? described.addresses : imagined(described, { domains, places, attached });
  const objects = { ...described, addresses };
  const own = layer2World(objects, new Set(places.keys()), config);
  const fabric = withLayer2(defaultFabric(places.values(), { families: familiesOfNetwork(config) }), own);
  const held = heldOf(addresses);
  const pods = [
    ...attached.map((one) => podMachine(one, held)),
    ...addresses.flatMap((one) => leasedMachine(one, domains)),
  ];
  const interfaces = new Map(
    attached.flatMap((one) => podInterfaces(one, held)).map((one) => [interfaceKey(one), one]),
  );
  const policies = policiesOf(cluster, interfaces);
  return worldOf(fabric, { pods, interfaces, announcers, policies, domains });
}

function isDescribed({ segments, switches, machines, routes }: Layer2Objects): boolean {
  const others = segments.filter(({ metadata }) => metadata.name !== nodeSegment);
  return [others, switches, machines, routes].some((some) => some.length > 0);
}

interface Attached {
  readonly pod: Pod;
  readonly attachments: readonly Attachment[];
}

function attachedPods(
  { pods }: Cluster,
  definitions: ReturnType<typeof layer2ObjectsOf>['definitions'],
  { domains, machines }: { readonly domains: Domains; readonly machines: Layer2Objects['machines'] },
): Attached[] {
  const networks = {
    domains,
    definitions: new Map(definitions.map((one) => [keyOf(one), one])),
    machines: new Map(machines.map((one) => [one.metadata.name, one])),
  };
  return [...pods.values()]
    .filter(({ metadata }) => metadata.annotations?.[networksAnnotation] !== undefined)
    .flatMap((pod) => {
      const attachments = attachmentsOf(pod, networks);
      // Where one of them is wrong, the pod does not start.
      return typeof attachments === 'string' || attachments.length === 0 ? [] : [{ pod, attachments }];
    });
}

/** Of manifests nobody has given addresses yet. */
function imagined(
  { machines, switches }: Layer2Objects,
  {
    domains,
    places,
    attached,
  }: {
    readonly domains: Domains;
    readonly places: ReadonlyMap<string, NodePlace>;
    readonly attached: readonly Attached[];
  },
): SegmentAddress[] {
  return imaginedAddresses([
    ...machines.flatMap((vm) => demandsOfMachine(vm, domains, places.has(vm.metadata.name)).demands),
    ...switches.flatMap((one) => demandsOfSwitch(one, domains).demands),
    ...[...domains.byKey.values()].flatMap((domain) => demandsOfServer(domain).demands),
    ...attached.flatMap(({ attachments }) => attachments.flatMap(({ demands }) => demands)),
  ]);
}

function podMachine({ pod, attachments }: Attached, held: Held): Machine {
  const key = keyOf(pod);
  return {
    name: key,
    netns: podPin(key),
    interfaces: attachments.map(({ interface: name, domain }) => ({
      name,
      segment: domain.switch,
      addresses: held(domain.key, holderOf(pod, name)).map((address) => withLength(domain, address)),
    })),
    routes: attachments.flatMap(({ interface: link, network, routes }) =>
      routes.map(({ destination, via = '' }) => ({
        destination,
        via,
        link,
        from: { kind: 'NetworkAttachmentDefinition', key: network, path: 'spec.config' },
      })),
    ),
    strongHost: { others: podAddresses(pod) },
  };
}

/** Whoever has a lease: what it is told of the way out is all that is known of it. */
function leasedMachine(
  { spec: { domain: key, address, holder } }: SegmentAddress,
  { byKey }: Domains,
): Machine[] {
  const domain = byKey.get(key);
  if (holder.kind !== 'DHCPClient' || domain === undefined) return [];
  const { gateway } = domain;
  const name = `dhcp-client-${holder.name}`;
  return [
    {
      name,
      netns: `${name} ${address}`,
      interfaces: [{ name: 'eth0', segment: domain.switch, addresses: [withLength(domain, address)] }],
      routes: gateway === undefined ? [] : [{ destination: everyAddress[familyOf(gateway)], via: gateway }],
    },
  ];
}

function podInterfaces({ pod, attachments }: Attached, held: Held): PodInterface[] {
  return attachments.map(({ interface: name, network, domain: { key: domain } }) => ({
    pod: keyOf(pod),
    name,
    network,
    domain,
    addresses: held(domain, holderOf(pod, name)),
  }));
}

function policiesOf(
  { namespaces, pods, multiNetworkPolicies = new Map() }: Cluster,
  interfaces: ReadonlyMap<string, PodInterface>,
): PolicyModel {
  const model = createPolicyModel();
  for (const [name, { metadata }] of namespaces) model.setNamespace(name, metadata.labels ?? {});
  for (const [key, policy] of multiNetworkPolicies) model.setMultiPolicy(key, policy);
  for (const [key, one] of interfaces) {
    const pod = pods.get(one.pod);
    if (pod !== undefined) model.setPod(key, interfaceFacts(pod, one));
  }
  return model;
}

const podPin = (key: string): string => `pod ${key}`;
const prefixes = [
  ['node:', nodeNetns('')],
  ['vm:', virtualMachineNetns('')],
] as const;

interface WorldParts {
  readonly pods: readonly Machine[];
  readonly interfaces: ReadonlyMap<string, PodInterface>;
  readonly announcers: ReadonlyMap<string, string>;
  readonly policies: PolicyModel;
  readonly domains: Domains;
}

function worldOf(
  fabric: Fabric,
  { pods, interfaces, announcers, policies, domains }: WorldParts,
): SegmentWorld {
  const machines = [...fabric.machines, ...pods];
  const byNetns = new Map(machines.map((one) => [one.netns, one]));
  const uplinks = new Map(fabric.segments.map(({ name, uplink }) => [name, uplink]));
  const broadcastDomain = (segment: string): string => {
    const uplink = uplinks.get(segment);
    return uplink === undefined ? segment : broadcastDomain(uplink);
  };
  const byAddress = new Map(
    [...interfaces].flatMap(([key, { domain, addresses }]) =>
      addresses.map((address) => [`${domain} ${address}`, key] as const),
    ),
  );
  return {
    machines,
    broadcastDomain,
    answersFor(address) {
      const node = announcers.get(address);
      return node === undefined ? undefined : nodeNetns(node);
    },
    machine(name) {
      const [word, pin] = prefixes.find(([prefix]) => name.startsWith(prefix)) ?? ['', ''];
      return byNetns.get(`${pin}${name.slice(word.length)}`);
    },
    nameOf({ netns, name }) {
      const [word, pin] = prefixes.find(([, prefix]) => netns.startsWith(prefix)) ?? ['', ''];
      return netns === podPin(name) ? name : `${word}${netns.slice(pin.length)}`;
    },
    pod: (key) => byNetns.get(podPin(key)),
    interfaces,
    onLink: (nic) => originOf(nic, domains),
    peerAt: (key, address) => byAddress.get(`${interfaces.get(key)?.domain} ${address}`),
    policies,
  };
}

/** The Segment or VirtualSwitch whose prefix an interface's address is of. */
function originOf({ segment, addresses }: MachineInterface, { byKey }: Domains): RouteOrigin | undefined {
  const own = addresses.flatMap((text) => parseAddress(text.replace(/\/.*$/, '')) ?? []);
  for (const { key, switch: name, prefix } of byKey.values()) {
    if (name !== segment || prefix === undefined || !own.some((address) => contains(prefix, address)))
      continue;
    const [kind = '', object = ''] = key.split('/');
    return { kind, key: object, path: 'spec.prefix' };
  }
  return undefined;
}
