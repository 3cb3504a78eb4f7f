import type { Pod } from '../../api/types/core.ts';
import { parseAddress, type Family } from '../../lib/address.ts';
import { ownAddresses } from '../../model/network/pod-addresses.ts';
import type { DirectionPolicy } from '../../model/policy/port.ts';
import { intersectPorts, noPorts, unionPorts } from '../../model/policy/port-set.ts';
import { isClusterDns } from '../cluster-dns.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import { rowsOfStrangers } from '../gateways/rows.ts';
import type { ReachRows } from './answer.ts';
import { createBecause, distinctReasons, type Because } from './because.ts';
import type { NamesAt } from './focus.ts';
import { groupPods, type Entity } from './groups.ts';
import { createNameRows, type NameRow } from './names.ts';
import { createOutside, type OutsideRow } from './outside.ts';
import { distinctPorts } from './pairs.ts';
import { whatDecides } from './variants.ts';
import { createReached, type Reached } from './reached.ts';
import { machineRows, noMachines } from './machine-rows.ts';
import { segmentRows } from './segment-rows.ts';
import { networkRanges, type NetworkRanges, type OutsideEnd } from './network-ranges.ts';
import { reachNetworks } from './networks.ts';
import type { ReachOptions } from './options.ts';

/** Who reaches whom at one moment: what the index's policies become later is not in it. */
export interface ReachView {
  /** Whose rows there are, by name, ascending. */
  readonly ends: readonly string[];
  readonly pods: number;
  /** Which ends that have names have an address. */
  readonly namesAt: NamesAt;
  /** Tells every row that has ports; of `about`, those of which one end is among these. */
  tell(answer: ReachRows, about?: ReadonlySet<string>): void;
}

export function viewReach(index: ClusterIndex, options: Omit<ReachOptions, 'focus'> = {}): ReachView {
  const { level = 'workload', includeClusterDns = false, family } = options;
  const pods = new Map([...index.cluster.pods].filter(([, pod]) => includeClusterDns || !isClusterDns(pod)));
  const networks = family === 'IPv6' ? undefined : reachNetworks(index);
  const ranges = networks && networkRanges(networks);
  const entities = groupPods(index, pods, { level, networks, ...(family && { family }) });
  const outside = createOutside(family === undefined ? familiesOf(pods.values()) : [family]);
  const names = createNameRows(index.cluster.config);
  const because = createBecause(index, options.explained?.sourceOf, networks);
  const reached = createReached(entities, networks);
  const segments = segmentRows(index, { pods, level, family, sourceOf: options.explained?.sourceOf });
  return {
    ends: [...[...(networks?.machines ?? []), ...entities].map(({ name }) => name), ...segments.ends],
    pods: pods.size,
    namesAt: (address) => [...(networks?.namesAt(address) ?? []), ...segments.namesAt(address)],
    tell(answer, about) {
      const telling: Telling = { answer, because, outside, ranges, names, reached };
      const machines = networks && ranges ? machineRows(networks, ranges, { because, answer }) : noMachines;
      const isNamed = (name: string): boolean => about === undefined || about.has(name);
      const asked = entities.filter(({ name }) => isNamed(name));
      addFromOutside(telling, asked);
      machines.fromMachines(asked);
      addFromGateways(telling, { index, level, isAsked: isNamed });
      if (about === undefined) {
        machines.betweenMachines();
        segments.fromMachines(answer);
      }
      for (const source of asked) {
        addToOutside(telling, source);
        machines.toMachines(source);
        segments.toMachines(answer, source.name);
        for (const destination of reached.from(source)) addPair(telling, source, destination);
        segments.toInterfaces(answer, source.name);
      }
      if (about === undefined) return;
      for (const destination of asked) {
        for (const source of reached.to(destination)) {
          if (!isNamed(source.name)) addPair(telling, source, destination);
        }
      }
    },
  };
}

interface Telling {
  readonly answer: ReachRows;
  readonly because: Because;
  readonly outside: (policies: readonly DirectionPolicy[]) => OutsideRow[];
  readonly ranges: NetworkRanges | undefined;
  readonly names: (policies: readonly DirectionPolicy[]) => NameRow[];
  readonly reached: Reached;
}

/** By address first: one source after the other. */
function addFromOutside({ answer, because, outside, ranges }: Telling, entities: readonly Entity[]): void {
  const rows = entities.flatMap((destination) => {
    const open = outside(destination.groups.map(({ policy }) => policy.ingress));
    const left = ranges?.from(open, destination.groups) ?? open.map(endOf);
    return left.map((row) => ({ destination, row }));
  });
  for (const { destination, row } of rows.sort((a, b) => byRange(a.row, b.row))) {
    answer.add(row.end, destination.name, row.ports, {
      why: dependsOn(row),
      because: (ports) =>
        distinctReasons(
          destination.groups.flatMap((group) => because.outside('ingress', group, row.range, ports)),
        ),
    });
  }
}

/** From those who pass requests on for an Ingress or a Gateway and are no pods here. */
function addFromGateways(
  { answer, because }: Telling,
  {
    index,
    level,
    isAsked,
  }: {
    readonly index: ClusterIndex;
    readonly level: 'workload' | 'pod';
    readonly isAsked: (name: string) => boolean;
  },
): void {
  for (const { source, destination, pod, ports, why } of rowsOfStrangers(index, level)) {
    if (!isAsked(destination)) continue;
    answer.add(source, destination, ports, { why, because: (asked) => because.stranger(pod, asked) });
  }
}

function addToOutside({ answer, because, outside, ranges, names }: Telling, source: Entity): void {
  const policies = source.groups.map(({ policy }) => policy.egress);
  for (const { name, ports, why } of names(policies)) {
    answer.add(source.name, name, ports, {
      why,
      because: (asked) => distinctReasons(source.groups.flatMap((group) => because.name(group, name, asked))),
    });
  }
  const open = outside(policies);
  for (const row of ranges?.to(open, source.groups) ?? open.map(endOf)) {
    answer.add(source.name, row.end, row.ports, {
      why: dependsOn(row),
      because: (ports) =>
        distinctReasons(source.groups.flatMap((group) => because.outside('egress', group, row.range, ports))),
    });
  }
}

const endOf = (row: OutsideRow): OutsideEnd => ({ ...row, end: row.range });

const dependsOn = ({ isAgreed }: OutsideRow): string | undefined =>
  isAgreed
    ? undefined
    : 'it depends on the pod: not all of them have the same ports open to all of these addresses';

function byRange({ range: a }: OutsideRow, { range: b }: OutsideRow): number {
  if (a.first.family !== b.first.family) return a.first.family < b.first.family ? -1 : 1;
  if (a.first.value !== b.first.value) return a.first.value < b.first.value ? -1 : 1;
  return a.last.value < b.last.value ? -1 : a.last.value > b.last.value ? 1 : 0;
}

function addPair({ answer, because, reached }: Telling, source: Entity, destination: Entity): void {
  const pairs = source.groups.flatMap((from) =>
    destination.groups.map((to) => ({ from, to, ports: reached.between(from, to) })),
  );
  const variants = distinctPorts(pairs.flatMap(({ ports }) => ports));
  answer.add(source.name, destination.name, variants.reduce(unionPorts, noPorts), {
    why: variants.length > 1 ? `it depends on the ${whatDecides(pairs)}` : undefined,
    because: (asked) =>
      distinctReasons(
        pairs.flatMap(({ from, to, ports }) =>
          because.between(from, to, intersectPorts(asked, ports.reduce(unionPorts, noPorts))),
        ),
      ),
  });
}

/** The families that the cluster's pods speak. */
function familiesOf(pods: Iterable<Pod>): Family[] {
  const families = new Set<Family>();
  for (const pod of pods) {
    for (const address of ownAddresses(pod)) {
      const family = parseAddress(address)?.family;
      if (family !== undefined) families.add(family);
    }
  }
  return families.size === 0 ? ['IPv4'] : [...families].sort();
}
