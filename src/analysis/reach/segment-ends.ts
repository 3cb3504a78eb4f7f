import type { Pod } from '../../api/types/core.ts';
import { familyOf, formatAddress, inFamily, type Address, type Family } from '../../lib/address.ts';
import type { Machine } from '../../model/fabric/machines.ts';
import { familiesOfNetwork } from '../../model/network/config.ts';
import { labAddressesOf } from '../../model/network/lab-addresses.ts';
import { ownAddresses } from '../../model/network/pod-addresses.ts';
import { nodeAddresses } from '../../model/network/topology.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import type { FlowEnd } from '../flow.ts';
import type { SegmentWorld } from '../segment-world.ts';
import { entityName } from './groups.ts';
import { segmentClasses, type SegmentClass } from './segment-classes.ts';

/** Somebody who sends; of one class, what holds of one holds of all. */
export interface SegmentSender extends SegmentClass {
  readonly end: FlowEnd;
  readonly families: readonly Family[];
  /** Key of the pod, where it is one. */
  readonly pod?: string;
}

/** Somebody who is asked at an address. */
export interface SegmentTarget extends SegmentClass {
  readonly address: string;
  /** How the path names who has it; undefined where nobody else can. */
  readonly at?: string;
  readonly pod?: string;
}

/** A row or column: a workload or pod, a further interface of it, a machine, or the internet. */
export interface Named<T> {
  readonly name: string;
  /** Of each class at most two. */
  readonly all: readonly T[];
}

/** How the row of the internet is called. */
export const internetName = 'internet';

/** Who meets on segments. Lists are by name. */
export interface SegmentEnds {
  /** `vm:NAME`, and `internet` last: who sends, and is asked at its first address of each family. */
  readonly machines: readonly (Named<SegmentSender> & { readonly targets: readonly SegmentTarget[] })[];
  /** `NAMESPACE/NAME[Kind]@INTERFACE`, and whose it is. */
  readonly interfaces: readonly (Named<SegmentTarget> & { readonly of: string })[];
  /** Pods with the addresses of their nodes, as machines ask for them. */
  readonly hostPods: readonly Named<SegmentTarget>[];
  /** The pods of a workload, or a pod, by its name. */
  senders(entity: string): readonly SegmentSender[];
}

export interface SegmentEndOptions {
  readonly level: 'workload' | 'pod';
  readonly family: Family | undefined;
}

export function segmentEnds(
  index: ClusterIndex,
  world: SegmentWorld,
  { pods, level, family }: SegmentEndOptions & { readonly pods: ReadonlyMap<string, Pod> },
): SegmentEnds {
  const classes = segmentClasses(index, world, pods);
  const isAsked = (address: string): boolean => family === undefined || familyOf(address) === family;
  const senders = new Map<string, SegmentSender[]>();
  const interfaces = new Map<string, SegmentTarget[]>();
  const hosts = new Map<string, SegmentTarget[]>();
  const owners = new Map<string, string>();
  for (const [key, pod] of pods) {
    const name = entityName(key, pod, level);
    const own = addressesOf(index, pod);
    if (own.length > 0) {
      const end = { kind: 'pod', key } as const;
      keep(senders, name, { ...classes.ofPod(key, pod), end, families: own.map(familyOf), pod: key });
    }
    if (pod.spec.hostNetwork === true) {
      for (const address of own.filter(isAsked)) keep(hosts, name, { ...alone(address), address, pod: key });
    }
    for (const { name: nic, addresses } of world.pod(key)?.interfaces ?? []) {
      const told = `${name}@${nic}`;
      owners.set(told, name);
      for (const address of addresses.map(bare).filter(isAsked)) {
        keep(interfaces, told, { ...classes.ofInterface(key, nic, address), address, at: key, pod: key });
      }
    }
  }
  return {
    machines: machinesOf(index, world, isAsked),
    interfaces: named(interfaces).map((one) => ({ ...one, of: owners.get(one.name) ?? '' })),
    hostPods: named(hosts),
    senders: (entity) => senders.get(entity) ?? [],
  };
}

/** Which of these have an address. */
export function segmentNamesAt({ machines, interfaces }: SegmentEnds, asked: Address): string[] {
  const text = formatAddress(asked);
  const has = (targets: readonly SegmentTarget[]): boolean => targets.some(({ address }) => address === text);
  return [
    ...machines.filter(({ targets }) => has(targets)).map(({ name }) => name),
    ...interfaces.filter(({ all }) => has(all)).map(({ name }) => name),
  ];
}

/** Those that a packet for the pod may have as its destination. */
function addressesOf({ places }: ClusterIndex, pod: Pod): readonly string[] {
  if (pod.spec.hostNetwork !== true) return ownAddresses(pod);
  const place = places.get(pod.spec.nodeName ?? '');
  return place === undefined ? [] : nodeAddresses(place);
}

function machinesOf(
  { cluster: { config } }: ClusterIndex,
  world: SegmentWorld,
  isAsked: (address: string) => boolean,
): SegmentEnds['machines'] {
  const machines = world.machines
    .map((machine) => ({ name: world.nameOf(machine), own: addressesOfMachine(machine) }))
    .filter(({ name, own }) => name.startsWith('vm:') && own.length > 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, own }) => machineEnd(name, own.filter(isAsked), { machine: name, at: name }));
  const internet = familiesOfNetwork(config).map((family) => labAddressesOf[family].internet);
  return [...machines, machineEnd(internetName, internet.filter(isAsked), {})];
}

function machineEnd(
  name: string,
  own: readonly string[],
  { machine, at }: { readonly machine?: string; readonly at?: string },
): SegmentEnds['machines'][number] {
  const [address, alternative] = own;
  const end: FlowEnd = {
    kind: 'address',
    address: address ?? '',
    ...(alternative !== undefined && { alternative }),
    ...(machine !== undefined && { machine }),
  };
  return {
    name,
    all: address === undefined ? [] : [{ ...alone(name), end, families: own.map(familyOf) }],
    targets: own.map((one) => ({ ...alone(`${name} ${one}`), address: one, at: at ?? one })),
  };
}

/** A class of its own. */
const alone = (name: string): SegmentClass => ({ way: name, class: name });

/** The first of each family. */
function addressesOfMachine({ interfaces }: Machine): string[] {
  const all = interfaces.flatMap(({ addresses }) => addresses.map(bare));
  return (['IPv4', 'IPv6'] as const).flatMap((family) => inFamily(all, family) ?? []);
}

/** Two of a class are enough: one of them is not the one at the other end. */
function keep<T extends { readonly class: string; readonly pod?: string }>(
  all: Map<string, T[]>,
  name: string,
  one: T,
): void {
  const known = all.get(name) ?? [];
  all.set(name, known);
  if (known.filter((other) => other.class === one.class).length < 2) known.push(one);
}

function named<T>(all: ReadonlyMap<string, readonly T[]>): Named<T>[] {
  return Array.from(all, ([name, of]) => ({ name, all: of })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

const bare = (text: string): string => text.replace(/\/.*$/, '');
