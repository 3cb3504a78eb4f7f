import type { Pod } from '../../api/types/core.ts';
import { parseAddress, type Family } from '../../lib/address.ts';
import type { Cluster } from '../../model/cluster.ts';
import { ownAddresses } from '../../model/network/pod-addresses.ts';
import type { DirectionPolicy } from '../../model/policy/port.ts';
import { formatPorts, noPorts, unionPorts, type PortSet } from '../../model/policy/port-set.ts';
import { isClusterDns } from '../cluster-dns.ts';
import { indexOf } from '../cluster-index.ts';
import { createAnswer, type Reach, type ReachRows } from './answer.ts';
import { focused, type Focus } from './focus.ts';
import { groupPods, type Entity, type Group } from './groups.ts';
import { createOutside, type OutsideRow } from './outside.ts';
import { createPairs, distinctPorts } from './pairs.ts';

export interface ReachOptions {
  /** Rows and columns: workloads unless said otherwise. */
  readonly level?: 'workload' | 'pod';
  /** Also tells about the cluster DNS, which is part of every cluster. */
  readonly includeClusterDns?: boolean;
  /** Only connections of this family; of all that the cluster's pods speak when absent. */
  readonly family?: Family;
  /** Only rows about this. */
  readonly focus?: Focus;
}

/**
 * Who may open connections to whom: what the policies of both ends let through, whether or not anybody listens.
 * Computed over groups of pods that no policy can tell apart, so that replicas cost nothing. An end's
 * connections to itself are left out.
 */
export function reach(cluster: Cluster, options: ReachOptions = {}): Reach {
  const answer = createAnswer();
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
  const entities = groupPods(indexOf(cluster), pods, { level, ...(family && { family }) });
  const outside = createOutside(family === undefined ? familiesOf(pods.values()) : [family]);
  const between = createPairs();
  addFromOutside(answer, entities, outside);
  for (const source of entities) {
    addToOutside(answer, source, outside);
    for (const destination of entities) {
      if (destination !== source) addPair(answer, source, destination, between);
    }
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

type Outside = (policies: readonly DirectionPolicy[]) => OutsideRow[];

/** By address first: one source after the other. */
function addFromOutside(answer: ReachRows, entities: readonly Entity[], outside: Outside): void {
  const rows = entities.flatMap((destination) =>
    outside(destination.groups.map(({ policy }) => policy.ingress)).map((row) => ({ destination, row })),
  );
  for (const { destination, row } of rows.sort((a, b) => byRange(a.row, b.row))) {
    answer.add(row.range, destination.name, row.ports, dependsOn(row));
  }
}

function addToOutside(answer: ReachRows, source: Entity, outside: Outside): void {
  for (const row of outside(source.groups.map(({ policy }) => policy.egress))) {
    answer.add(source.name, row.range, row.ports, dependsOn(row));
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

function addPair(
  answer: ReachRows,
  source: Entity,
  destination: Entity,
  between: (source: Group, destination: Group) => readonly PortSet[],
): void {
  const pairs = source.groups.flatMap((from) => destination.groups.map((to) => between(from, to)));
  const variants = distinctPorts(pairs.flat());
  const words = variants.map((ports) => formatPorts(ports).join(', ') || 'nothing').join(' or ');
  // Groups differ by who their pods are; one pair of groups differs in itself by the family only.
  const what = pairs.length > 1 ? 'pods' : 'address family';
  const why = variants.length > 1 ? `it depends on the ${what}: ${words}` : undefined;
  answer.add(source.name, destination.name, variants.reduce(unionPorts, noPorts), why);
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
