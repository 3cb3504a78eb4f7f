import type { KubernetesObject } from '../../api/types/meta.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { PolicyKind } from '../../model/policy/compile.ts';

/** Kinds that an edit can be of: those that decide about connections. */
export type EditedKind = PolicyKind | 'NetworkSecurityGroup' | 'RouteTable';

/** One change of one policy, security group or table of routes: data, so that it can be shown as well as made. */
export interface Edit {
  /**
   * `add`: behind what the list at `path` has. `insert`: before what is at `path`. `remove`: what is at `path`.
   * `create`: a policy that is not there; `path` is empty.
   */
  readonly action: 'add' | 'insert' | 'remove' | 'create';
  readonly kind: EditedKind;
  /** `namespace/name`, or `name` for kinds without namespaces. */
  readonly key: string;
  /** As in `spec.ingress[0].ports`. */
  readonly path: string;
  /** What is written there, or, where something is removed, stood there. */
  readonly value: unknown;
}

const collections = {
  NetworkPolicy: 'networkPolicies',
  MultiNetworkPolicy: 'multiNetworkPolicies',
  ClusterNetworkPolicy: 'clusterNetworkPolicies',
  AdminNetworkPolicy: 'adminNetworkPolicies',
  BaselineAdminNetworkPolicy: 'baselineAdminNetworkPolicies',
} as const satisfies Record<PolicyKind, keyof Cluster>;

/** The object of this kind and key; undefined when there is none. */
export function objectAt(cluster: Cluster, kind: EditedKind, key: string): KubernetesObject | undefined {
  if (isPolicy(kind)) return policiesOf(cluster, kind).get(key);
  return cluster.surroundings?.find((one) => one.kind === kind && one.metadata.name === key);
}

const policiesOf = (cluster: Cluster, kind: PolicyKind): ReadonlyMap<string, KubernetesObject> =>
  cluster[collections[kind]] ?? new Map<string, KubernetesObject>();
const isPolicy = (kind: EditedKind): kind is PolicyKind => kind in collections;

/** The cluster with the change made; all else is shared with the one that it was. */
export function withEdit(cluster: Cluster, edit: Edit): Cluster {
  const { kind, key } = edit;
  const old = objectAt(cluster, kind, key);
  if (isPolicy(kind)) {
    const policies = new Map(policiesOf(cluster, kind));
    if (edit.action === 'create') policies.set(key, edit.value as KubernetesObject);
    else if (old !== undefined) policies.set(key, edited(old, edit));
    return { ...cluster, [collections[kind]]: policies };
  }
  const surroundings = (cluster.surroundings ?? []).map((one) => (one === old ? edited(one, edit) : one));
  return { ...cluster, surroundings };
}

function edited(policy: KubernetesObject, { action, path, value }: Edit): KubernetesObject {
  const copy = structuredClone(policy);
  const steps = stepsOf(path);
  if (action === 'add') {
    listAt(copy, steps).push(value);
    return copy;
  }
  const index = Number(steps.at(-1));
  const list = listAt(copy, steps.slice(0, -1));
  if (action === 'insert') list.splice(index, 0, value);
  else list.splice(index, 1);
  return copy;
}

/** `spec.ingress[0].ports` as `spec`, `ingress`, `0`, `ports`. */
function stepsOf(path: string): string[] {
  return path.split(/[.[\]]+/).filter((step) => step !== '');
}

/** What a path of an object leads to; undefined where it leads nowhere. */
export function valueAt(object: unknown, path: string): unknown {
  return stepsOf(path).reduce(
    (value: unknown, step) => (value as Record<string, unknown> | undefined)?.[step],
    object,
  );
}

/** The list at the end of the path, which is made where there is none. */
function listAt(object: unknown, steps: readonly string[]): unknown[] {
  let value = object as Record<string, unknown>;
  for (const [place, step] of steps.entries()) {
    value[step] ??= place === steps.length - 1 ? [] : {};
    value = value[step] as Record<string, unknown>;
  }
  return value as unknown as unknown[];
}
