import type { Protocol } from '../../api/types/meta.ts';
import type { NftVerdict } from '../../kernel/nft/port.ts';
import type { Family } from '../../lib/address.ts';
import { joinRanges, parsePrefix, rangeOf, type AddressRange } from '../../lib/prefix.ts';
import { formatAddress } from '../../lib/address.ts';
import {
  choose,
  isSameEverywhere,
  type Arrival,
  type Choice,
  type ChoosingNode,
} from '../../model/services/choose.ts';
import { admittedRanges } from '../../model/services/guard.ts';
import type { ServicePortModel } from '../../model/services/port.ts';
import { commonClaims, type CommonClaims } from '../elements/common-claims.ts';
import type { SetTypes } from '../elements/ledger.ts';
import type { PlannedElement } from '../elements/planned-elements.ts';
import { createGonePorts } from './gone-ports.ts';
import { createNumbering, type Numbering } from './numbering.ts';
import { bindingChain, chainOf, type SlotChain } from './slots.ts';
import { affinityTypes, serviceSets, servicesTables, slotTypes } from './skeleton.ts';

/** The node that a plan is for. */
export interface PlannedNode extends ChoosingNode {
  /** Its addresses on its segment. */
  readonly addresses: readonly string[];
}

/** What one Service is in the table of a family. */
export interface ServicePlan {
  readonly elements: readonly PlannedElement[];
  /** Chains that the elements go to, which must be there before. */
  readonly chains: readonly SlotChain[];
  /** Endpoints (`address port`) to which clients of a number may be bound: session affinity with others is void. */
  readonly bound: ReadonlyMap<number, ReadonlySet<string>>;
}

/** Turns Services into elements, for all nodes of a process. */
export interface ServicePlanner {
  /**
   * One Service in the table of a family: its service-ports with their addresses, its endpoints in slots, the hairpin
   * pairs. A service-port without endpoints has no entry in the translating maps; the filter rejects it. What is the
   * same on all nodes is planned once; equal arguments are told by identity, as the model keeps it.
   */
  plan(service: string, ports: Ports, family: Family, node: PlannedNode): ServicePlan;
  /**
   * Those of the Services that are the same on all nodes, together: put together once for all nodes that ask for the same
   * Services, until `forgetCommon`.
   */
  common(services: ReadonlyMap<string, Ports>, family: Family, node: PlannedNode): CommonServices;
  /** Nobody asks for them any more: they are large. */
  forgetCommon(): void;
  /**
   * Every node has what was planned for it, and packets that were on their way by then are through: what is known of Services
   * that are long gone is forgotten. Until then their numbers mean nobody else.
   */
  settled(): void;
}

/** What many Services are in the table of a family, on every node. */
export interface CommonServices {
  /** By the Services' keys. */
  readonly claims: CommonClaims;
  readonly chains: readonly SlotChain[];
}

type Ports = readonly ServicePortModel[];

/** Service-ports that are remembered when they are gone: as many as may well come back. */
const mostGone = 1000;

export function createServicePlanner(most = mostGone): ServicePlanner {
  const numbering = createNumbering();
  const gone = createGonePorts(most, (key) => numbering.forget(key));
  const shared = { IPv4: new WeakMap<Ports, ServicePlan>(), IPv6: new WeakMap<Ports, ServicePlan>() };
  const known = new Map<Family, CommonServices & { readonly of: ReadonlyMap<string, Ports> }>();
  const plan: ServicePlanner['plan'] = (service, ports, family, node) => {
    gone.see(service, ports);
    const planned = shared[family].get(ports);
    if (planned !== undefined) return planned;
    const own = ports.filter((port) => port.family === family);
    const made = joined(own.map((port) => planPort(port, { node, numbering })));
    if (own.every((port) => isSameEverywhere(port) && port.guarded.length === 0))
      shared[family].set(ports, made);
    return made;
  };
  return {
    plan,
    common(services, family, node) {
      const before = known.get(family);
      if (before !== undefined && isSame(before.of, services)) return before;
      const common = commonOf(services, family, (service, ports) => {
        const made = plan(service, ports, family, node);
        // Who is bound where is followed Service by Service.
        return shared[family].has(ports) && made.bound.size === 0 ? made : undefined;
      });
      known.set(family, { ...common, of: services });
      return common;
    },
    forgetCommon: () => known.clear(),
    settled: () => gone.settled(),
  };
}

function isSame(a: ReadonlyMap<string, Ports>, b: ReadonlyMap<string, Ports>): boolean {
  return a.size === b.size && a.entries().every(([key, ports]) => b.get(key) === ports);
}

function commonOf(
  services: ReadonlyMap<string, Ports>,
  family: Family,
  planOf: (service: string, ports: Ports) => ServicePlan | undefined,
): CommonServices {
  const owned = new Map<string, readonly PlannedElement[]>();
  const chains = new Map<string, SlotChain>();
  for (const [key, ports] of services) {
    const plan = planOf(key, ports);
    if (plan === undefined || plan.elements.length === 0) continue;
    owned.set(key, plan.elements);
    for (const chain of plan.chains) chains.set(chainOf(chain), chain);
  }
  const table = { table: servicesTables[family], types: serviceSetTypes(family) };
  return { claims: commonClaims(table, owned), chains: [...chains.values()] };
}

function joined(plans: readonly ServicePlan[]): ServicePlan {
  const [only, ...others] = plans;
  if (only !== undefined && others.length === 0) return only;
  return {
    elements: plans.flatMap(({ elements }) => elements),
    chains: plans.flatMap(({ chains }) => chains),
    bound: new Map(plans.flatMap(({ bound }) => [...bound])),
  };
}

/** The Cluster and the Local set of a service-port have numbers of their own, so that its addresses share each. */
function planPort(port: ServicePortModel, planning: Planning): ServicePlan {
  const { node, numbering } = planning;
  const elements: PlannedElement[] = [
    ...port.clusterIPs.map((address) => ({ set: 'cluster-addresses', key: [address] })),
    ...port.pooledAddresses.map((address) => ({ set: 'pooled-addresses', key: [address] })),
    ...guards(port, planning),
  ];
  const sets = new Map<string, NumberedSet>();
  const enter = (choice: Choice, maps: EntryMaps, key: PlannedElement['key']): void => {
    if (choice.kind === 'reject') return;
    if (choice.kind === 'drop') {
      // Chains are looked up for what has a number only.
      elements.push({ set: maps.ids, key, value: [numbering.idOf(port.key, 'local')] });
      elements.push({ set: maps.chains, key, value: { verdict: 'drop' } });
      return;
    }
    const known = sets.get(choice.set);
    const what = choice.set === 'local' ? 'local' : 'all';
    const number = known?.number ?? [numbering.idOf(port.key, what)];
    sets.set(choice.set, { what, number, choice });
    const chain = chainOf({ count: choice.endpoints.length, affinitySeconds: port.affinitySeconds });
    elements.push({ set: maps.ids, key, value: number }, { set: maps.chains, key, value: goTo(chain) });
  };
  for (const entry of entriesOf(port)) enter(choose(port, node, entry.arrival), entry.maps, entry.key);
  elements.push(...outsideElements(port));
  const place = isSameEverywhere(port) ? {} : { node: node.name };
  for (const { what, number, choice } of sets.values()) {
    const seated = numbering.seat(port.key, what, { ...place, endpoints: choice.endpoints });
    elements.push(...slots(number, seated), ...bindings(number, port.affinitySeconds));
  }
  return {
    elements,
    chains: [...sets.values()].map(({ choice }) => ({
      count: choice.endpoints.length,
      affinitySeconds: port.affinitySeconds,
    })),
    bound: port.affinitySeconds === undefined ? nobody : boundOf([...sets.values()]),
  };
}

/** A set of endpoints; its number as the key, or the value, of all elements that have it. */
interface NumberedSet {
  readonly what: 'all' | 'local';
  readonly number: readonly [id: number];
  readonly choice: Chosen;
}

const nobody: ServicePlan['bound'] = new Map();

type Chosen = Extract<Choice, { kind: 'endpoints' }>;

interface EntryMaps {
  readonly ids: string;
  readonly chains: string;
}

/** By which key of which maps a packet finds the service-port. */
interface Entry {
  readonly maps: EntryMaps;
  readonly key: PlannedElement['key'];
  readonly arrival: Arrival;
}

// Tables have many thousands of elements: words that are the same in most of them are one piece of memory each.
const mapsOf = (name: string): EntryMaps => ({ ids: `${name}-ids`, chains: `${name}-chains` });
const service = mapsOf('service');
const outsideService = mapsOf('outside');
const nodePorts = mapsOf('node-port');
const outsideNodePorts = mapsOf('outside-node-port');
const words = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const satisfies Record<Protocol, string>;
const slotNames: string[] = [];
const verdicts = new Map<string, NftVerdict>();

function slotName(slot: number): string {
  return (slotNames[slot] ??= `slot-${slot}`);
}

function goTo(chain: string): NftVerdict {
  const known = verdicts.get(chain);
  if (known !== undefined) return known;
  const verdict = { verdict: 'goto', chain } as const;
  verdicts.set(chain, verdict);
  return verdict;
}

/** What comes from outside is looked up first in maps of its own, which have entries only where it matters. */
function* entriesOf(port: ServicePortModel): Generator<Entry> {
  const protocol = words[port.protocol];
  for (const address of port.clusterIPs) {
    const key = [address, protocol, port.port];
    yield { maps: service, key, arrival: { by: 'cluster-ip', isFromInside: true } };
  }
  const isKeptLocal = port.externalPolicy === 'Local';
  const inside: Arrival = { by: 'external', isFromInside: true };
  const outside: Arrival = { by: 'external', isFromInside: false };
  for (const address of port.externalAddresses) {
    const key = [address, protocol, port.port];
    yield { maps: service, key, arrival: inside };
    if (isKeptLocal) yield { maps: outsideService, key, arrival: outside };
  }
  if (port.nodePort === undefined) return;
  const key = [protocol, port.nodePort];
  yield { maps: nodePorts, key, arrival: inside };
  if (isKeptLocal) yield { maps: outsideNodePorts, key, arrival: outside };
}

/** What the filter rejects for want of endpoints, and for which the masquerade spares the source. */
function outsideElements(port: ServicePortModel): PlannedElement[] {
  const protocol = words[port.protocol];
  const isUnserved = port.endpoints.length === 0;
  if (!isUnserved && port.externalPolicy === 'Cluster') return [];
  const elements: PlannedElement[] = port.externalAddresses.map((address) => ({
    set: isUnserved ? 'unserved' : 'keeps-source',
    key: [address, protocol, port.port],
  }));
  if (port.nodePort !== undefined) {
    const set = isUnserved ? 'unserved-node-ports' : 'keeps-source-node-ports';
    elements.push({ set, key: [protocol, port.nodePort] });
  }
  return elements;
}

/**
 * A guard has a number, so that ranges of two Services that claim one address never overlap: the kernel would refuse
 * them. For the same reason those of one guard are joined.
 */
function guards(port: ServicePortModel, { node, numbering }: Planning): PlannedElement[] {
  return port.guarded.flatMap((guard) => {
    const id = numbering.idOf(port.key, `guard ${guard.address}`);
    const ranges = admittedRanges(guard, node.addresses).flatMap((text) => {
      const prefix = parsePrefix(text);
      return prefix === undefined ? [] : rangeOf(prefix);
    });
    return [
      { set: 'guarded', key: [guard.address, words[port.protocol], port.port], value: [id] },
      ...joinRanges(ranges).map(({ first, last }) => ({
        set: 'admitted',
        key: [id, formatAddress(first)],
        keyEnd: [id, formatAddress(last)],
      })),
    ];
  });
}

/**
 * The elements of a set of ranges: `aggregates`, of which nobody from outside is sent on, or `network-space`, the addresses
 * of the virtual networks that pods are in.
 */
export function rangeElements(
  set: 'aggregates' | 'network-space',
  ranges: readonly AddressRange[],
  family: Family,
): PlannedElement[] {
  return ranges
    .filter(({ first }) => first.family === family)
    .map(({ first, last }) => ({
      set,
      key: [formatAddress(first)],
      keyEnd: [formatAddress(last)],
    }));
}

interface Planning {
  readonly node: PlannedNode;
  readonly numbering: Numbering;
}

function slots(key: NumberedSet['number'], endpoints: Chosen['endpoints']): PlannedElement[] {
  return endpoints.flatMap(({ address, port }, slot) => [
    { set: slotName(slot), key, value: [address, port] },
    { set: 'hairpin', key: [address, address] },
  ]);
}

function bindings(key: NumberedSet['number'], seconds: number | undefined): PlannedElement[] {
  return seconds === undefined ? [] : [{ set: 'binding-chains', key, value: goTo(bindingChain(seconds)) }];
}

function boundOf(sets: readonly NumberedSet[]): Map<number, ReadonlySet<string>> {
  return new Map(
    sets.map(({ number: [id], choice }) => [
      id,
      new Set(choice.endpoints.map(({ address, port }) => `${address} ${port}`)),
    ]),
  );
}

/** Types of the table's sets, however many slots it has. */
export function serviceSetTypes(family: Family): SetTypes {
  return new Proxy<Record<string, SetTypes[string]>>(
    { ...serviceSets[family], ...affinityTypes[family] },
    {
      get: (sets, name) =>
        typeof name === 'string' && name.startsWith('slot-') ? slotTypes[family] : sets[String(name)],
    },
  );
}
