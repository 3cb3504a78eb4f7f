import type { Pod } from '../../api/types/core.ts';
import { parseAddress, type Family } from '../../lib/address.ts';
import type { Cluster } from '../../model/cluster.ts';
import { ownAddresses } from '../../model/network/pod-addresses.ts';
import type { DirectionPolicy } from '../../model/policy/port.ts';
import { formatPorts, intersectPorts, noPorts, unionPorts } from '../../model/policy/port-set.ts';
import type { SourceOf } from '../flow.ts';
import { isClusterDns } from '../cluster-dns.ts';
import { indexOf } from '../cluster-index.ts';
import { createAnswer, type Reach, type ReachRows } from './answer.ts';
import { createBecause, distinctReasons, type Because } from './because.ts';
import { focused, type Focus } from './focus.ts';
import { groupPods, type Entity, type Group } from './groups.ts';
import { createOutside, type OutsideRow } from './outside.ts';
import { distinctPorts } from './pairs.ts';
import { createRows, type GroupRows } from './rows.ts';

export interface ReachOptions {
  /** Rows and columns: workloads unless said otherwise. */
  readonly level?: 'workload' | 'pod';
  /** Also tells about the cluster DNS, which is part of every cluster. */
  readonly includeClusterDns?: boolean;
  /** Only connections of this family; of all that the cluster's pods speak when absent. */
  readonly family?: Family;
  /** Also why each connection is let through; `sourceOf` tells where rules were written. */
  readonly explained?: { readonly sourceOf?: SourceOf };
  /** Only rows about this. */
  readonly focus?: Focus;
}

/**
 * Who may open connections to whom: what the policies of both ends let through, whether or not anybody listens.
 * Computed over groups of pods that no policy can tell apart, so that replicas cost nothing. An end's
 * connections to itself are left out.
 */
export function reach(cluster: Cluster, options: ReachOptions = {}): Reach {
  const answer = createAnswer({ isExplained: options.explained !== undefined });
  const { ends, pods } = addReach(focused(answer, options.focus ?? {}), cluster, options);
  return answer.finish({ ends: ends.length, pods, policies: policiesIn(cluster) });
}

/** The same, row by row; returns whose rows they are, by name, and how many pods these have. */
export function addReach(
  answer: ReachRows,
  cluster: Cluster,
  options: ReachOptions = {},
): { readonly ends: readonly string[]; readonly pods: number } {
  const { level = 'workload', includeClusterDns = false, family } = options;
  const pods = new Map([...cluster.pods].filter(([, pod]) => includeClusterDns || !isClusterDns(pod)));
  const index = indexOf(cluster);
  const entities = groupPods(index, pods, { level, ...(family && { family }) });
  const outside = createOutside(family === undefined ? familiesOf(pods.values()) : [family]);
  const because = createBecause(index, options.explained?.sourceOf);
  const telling: Telling = { answer, because, outside, reached: createReached(entities) };
  addFromOutside(telling, entities);
  for (const source of entities) {
    addToOutside(telling, source);
    for (const destination of telling.reached.from(source)) addPair(telling, source, destination);
  }
  return { ends: entities.map(({ name }) => name), pods: pods.size };
}

/** Of all kinds. */
function policiesIn({
  networkPolicies,
  clusterNetworkPolicies,
  adminNetworkPolicies,
  baselineAdminNetworkPolicies,
}: Cluster): number {
  const kinds = [networkPolicies, clusterNetworkPolicies, adminNetworkPolicies, baselineAdminNetworkPolicies];
  return kinds.reduce((sum, { size }) => sum + size, 0);
}

interface Telling {
  readonly answer: ReachRows;
  readonly because: Because;
  readonly outside: (policies: readonly DirectionPolicy[]) => OutsideRow[];
  readonly reached: Reached;
}

/** By address first: one source after the other. */
function addFromOutside({ answer, because, outside }: Telling, entities: readonly Entity[]): void {
  const rows = entities.flatMap((destination) =>
    outside(destination.groups.map(({ policy }) => policy.ingress)).map((row) => ({ destination, row })),
  );
  for (const { destination, row } of rows.sort((a, b) => byRange(a.row, b.row))) {
    answer.add(row.range, destination.name, row.ports, {
      why: dependsOn(row),
      because: (ports) =>
        distinctReasons(
          destination.groups.flatMap((group) => because.outside('ingress', group, row.range, ports)),
        ),
    });
  }
}

function addToOutside({ answer, because, outside }: Telling, source: Entity): void {
  for (const row of outside(source.groups.map(({ policy }) => policy.egress))) {
    answer.add(source.name, row.range, row.ports, {
      why: dependsOn(row),
      because: (ports) =>
        distinctReasons(source.groups.flatMap((group) => because.outside('egress', group, row.range, ports))),
    });
  }
}

const dependsOn = ({ isAgreed }: OutsideRow): string | undefined =>
  isAgreed
    ? undefined
    : 'it depends on the pod: not all of them have the same ports open to all of these addresses';

function byRange({ range: a }: OutsideRow, { range: b }: OutsideRow): number {
  if (a.first.family !== b.first.family) return a.first.family < b.first.family ? -1 : 1;
  if (a.first.value !== b.first.value) return a.first.value < b.first.value ? -1 : 1;
  return a.last.value < b.last.value ? -1 : a.last.value > b.last.value ? 1 : 0;
}

interface Reached {
  /** The others that any pod of it reaches, by name. */
  readonly from: (source: Entity) => readonly Entity[];
  readonly between: GroupRows['between'];
}

function createReached(entities: readonly Entity[]): Reached {
  const having = new Map<Group, number[]>();
  for (const [place, { groups }] of entities.entries()) {
    for (const group of groups) {
      const places = having.get(group);
      if (places === undefined) having.set(group, [place]);
      else places.push(place);
    }
  }
  const rows = createRows([...having.keys()]);
  return {
    between: (source, destination) => rows.between(source, destination),
    from(source) {
      const reached = source.groups.flatMap((group) => rows.reachedFrom(group));
      const places = new Set(reached.flatMap((group) => having.get(group) ?? []));
      return [...places]
        .sort((a, b) => a - b)
        .flatMap((place) => entities[place] ?? [])
        .filter((one) => one !== source);
    },
  };
}

function addPair({ answer, because, reached }: Telling, source: Entity, destination: Entity): void {
  const pairs = source.groups.flatMap((from) =>
    destination.groups.map((to) => ({ from, to, ports: reached.between(from, to) })),
  );
  const variants = distinctPorts(pairs.flatMap(({ ports }) => ports));
  const words = variants.map((ports) => formatPorts(ports).join(', ') || 'nothing').join(' or ');
  // Groups differ by who their pods are; one pair of groups differs in itself by the family only.
  const what = pairs.length > 1 ? 'pods' : 'address family';
  answer.add(source.name, destination.name, variants.reduce(unionPorts, noPorts), {
    why: variants.length > 1 ? `it depends on the ${what}: ${words}` : undefined,
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
