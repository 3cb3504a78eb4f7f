import type { Pod } from '../../api/types/core.ts';
import { parseAddress, type Address, type Family } from '../../lib/address.ts';
import { ownAddresses } from '../../model/network/pod-addresses.ts';
import { familyPlaces } from '../../model/network/topology.ts';
import type { PodPolicy } from '../../model/policy/port.ts';
import { workloadOf } from '../../model/workloads/workload-of.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import { createAddressCells } from './address-cells.ts';
import type { Party, ReachNetworks } from './networks.ts';
import { createParties } from './parties.ts';

/** Pods that no policy of the cluster can tell apart, neither as its subjects nor as its peers. */
export interface Group {
  /** From 0, without gaps. */
  readonly id: number;
  /** Key of one of them. */
  readonly pod: string;
  readonly policy: PodPolicy;
  readonly peerClass: number;
  /** Addresses of one of them, as others see it send and as they ask for it: one per family, none before it has any. */
  readonly sendsFrom: readonly Address[];
  readonly receivesAt: readonly Address[];
  /**
   * Set where it matters: there are pods on the host network, and these pods' nodes treat them as themselves; or a virtual
   * network closes ways between nodes, which pods of one node do not go.
   */
  readonly node: string | undefined;
  readonly isHost: boolean;
  /** One of them, in the virtual network of the nodes, where there is one. */
  readonly party: Party | undefined;
}

/** A row or column of the answer: a workload, or a pod. */
export interface Entity {
  readonly name: string;
  readonly groups: readonly Group[];
}

interface GroupOptions {
  readonly level: 'workload' | 'pod';
  readonly family?: Family;
  readonly networks?: ReachNetworks | undefined;
}

/** Groups the pods, and names who has them; by name, ascending. */
export function groupPods(
  index: ClusterIndex,
  pods: ReadonlyMap<string, Pod>,
  { level, family, networks }: GroupOptions,
): Entity[] {
  const policies = [...pods.keys()].map((key) => index.policies.policyOf(key));
  const cellOf = createAddressCells(
    [...new Set(policies)].flatMap(({ ingress, egress }) => [ingress, egress]),
  );
  const hasHostPods = [...pods.values()].some(({ spec }) => spec.hostNetwork === true);
  const policyIds = new Map([...new Set(policies)].map((policy, id) => [policy, id]));
  const parties = networks && createParties(index, pods, networks);
  const groups = new Map<string, Group>();
  const entities = new Map<string, Set<Group>>();
  for (const [key, pod] of pods) {
    const party = parties?.of(key);
    const withNode = hasHostPods || (party !== undefined && parties?.isClosed(party) === true);
    const made = groupOf(index, key, pod, { id: groups.size, withNode, family, party });
    const cell = made.sendsFrom.map(cellOf).join();
    const { policy, peerClass, node, isHost } = made;
    const groupKey = [policyIds.get(policy), peerClass, cell, node, isHost, party?.class].join('|');
    const group = groups.get(groupKey) ?? made;
    groups.set(groupKey, group);
    const name = entityName(key, pod, level);
    const ofEntity = entities.get(name);
    if (ofEntity === undefined) entities.set(name, new Set([group]));
    else ofEntity.add(group);
  }
  return Array.from(entities, ([name, ofEntity]) => ({ name, groups: [...ofEntity] })).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
}

interface GroupSettings extends Pick<Group, 'id' | 'party'> {
  readonly withNode: boolean;
  readonly family: Family | undefined;
}

function groupOf(
  index: ClusterIndex,
  key: string,
  pod: Pod,
  { id, withNode, family, party }: GroupSettings,
): Group {
  const isHost = pod.spec.hostNetwork === true;
  const place = isHost ? index.places.get(pod.spec.nodeName ?? '') : undefined;
  const own = ownOf(pod, family);
  const places = place === undefined ? [] : familyPlaces(place);
  return {
    id,
    pod: key,
    policy: index.policies.policyOf(key),
    peerClass: index.policies.classOf(key),
    // To pods of other nodes a node shows its tunnel address, where it has one; what its own pods see matters to no policy.
    sendsFrom: isHost
      ? parseAll(
          places.map(({ tunnelAddress, address }) => tunnelAddress ?? address),
          family,
        )
      : own,
    receivesAt: isHost
      ? parseAll(
          places.map(({ address }) => address),
          family,
        )
      : own,
    node: withNode ? pod.spec.nodeName : undefined,
    isHost,
    party,
  };
}

function parseAll(texts: readonly string[], family: Family | undefined): readonly Address[] {
  const all = texts.flatMap((text) => parseAddress(text) ?? []);
  return family === undefined ? all : all.filter((address) => address.family === family);
}

/** Of pods that stay as they are while policies change, addresses are read once. */
const parsed = new WeakMap<Pod, readonly Address[]>();

function ownOf(pod: Pod, family: Family | undefined): readonly Address[] {
  const all = parsed.get(pod) ?? parseAll(ownAddresses(pod), undefined);
  parsed.set(pod, all);
  return family === undefined ? all : all.filter((address) => address.family === family);
}

/** Whose row a pod belongs to: its own, or that of its workload, `NAMESPACE/NAME[Kind]`. */
export function entityName(key: string, pod: Pod, level: 'workload' | 'pod'): string {
  if (level === 'pod') return key;
  const { namespace, name, kind } = workloadOf(pod);
  return `${namespace}/${name}[${kind}]`;
}
