import type { Labels, LabelSelector, LabelSelectorRequirement, Protocol } from '../../../api/types/meta.ts';
import type { NetworkPolicy } from '../../../api/types/network.ts';
import type { ClusterNetworkPolicy } from '../../../api/types/policy.ts';
import type { PodFacts } from '../port.ts';
import type { Change } from './arbitraries.ts';

/** The objects there are, plainly. */
export interface World {
  readonly namespaces: Map<string, Labels>;
  readonly policies: Map<string, NetworkPolicy>;
  readonly clusterPolicies: Map<string, ClusterNetworkPolicy>;
  readonly nodes: Map<string, Labels>;
  readonly domains: Map<string, readonly string[]>;
  readonly pods: Map<string, PodFacts>;
}

export function emptyWorld(): World {
  return {
    namespaces: new Map(),
    policies: new Map(),
    clusterPolicies: new Map(),
    nodes: new Map(),
    domains: new Map(),
    pods: new Map(),
  };
}

/** Addresses of the nodes of the arbitrary worlds. */
export const nodeAddresses: Readonly<Record<string, string>> = { n1: '10.9.9.9', n2: '10.244.0.3' };

export function applyChange(world: World, change: Change): void {
  const put = <T>(map: Map<string, T>, key: string, value: T | undefined): void => {
    if (value === undefined) map.delete(key);
    else map.set(key, value);
  };
  if (change.kind === 'namespace') put(world.namespaces, change.name, change.labels);
  else if (change.kind === 'policy') put(world.policies, change.key, change.policy);
  else if (change.kind === 'cluster-policy') put(world.clusterPolicies, change.key, change.policy);
  else if (change.kind === 'node') put(world.nodes, change.key, change.labels);
  else if (change.kind === 'domain') put(world.domains, change.key, change.addresses);
  else put(world.pods, change.key, change.facts);
}

export interface Packet {
  readonly direction: 'ingress' | 'egress';
  readonly subject: string;
  readonly peer: string | undefined;
  readonly address: string;
  readonly protocol: Protocol;
  readonly port: number;
}

export function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((one) => holds(one, labels))
  );
}

function holds({ key, operator, values = [] }: LabelSelectorRequirement, labels: Labels): boolean {
  const value = labels[key];
  const isListed = value !== undefined && values.includes(value);
  return { In: isListed, NotIn: !isListed, Exists: value !== undefined, DoesNotExist: value === undefined }[
    operator
  ];
}
