import { randomUUID } from 'node:crypto';
import { arrayAt, isObject, sameJson, typeOf, type StoredObject } from '../json.ts';
import type { Change, Store } from '../store/port.ts';
import { rbacGroup, rbacStores } from './bindings.ts';
import { missingRules } from './cover.ts';
import { clusterPolicy, type PolicyRole } from './policy.ts';
import { rulesOf } from './rule.ts';

const autoupdate = 'rbac.authorization.kubernetes.io/autoupdate';
const marks = {
  annotations: { [autoupdate]: 'true' },
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
};
const apiVersion = `${rbacGroup}/v1`;

/**
 * What to write so that the roles and bindings of every cluster are there: missing ones are made, and missing rules
 * and subjects added, as upstream does at each start. What somebody added stays; what is annotated with
 * `autoupdate: "false"` is left alone.
 */
export function policyChanges(store: Store, now: string): Change[] {
  return clusterPolicy.flatMap((role) => [
    ...changeTo(store, rbacStores.clusterRoles, { wanted: roleObject(role, now), merge: withRules }),
    ...(isBound(role)
      ? changeTo(store, rbacStores.clusterRoleBindings, {
          wanted: bindingObject(role, now),
          merge: withSubjects,
        })
      : []),
  ]);
}

interface Wanted {
  readonly wanted: StoredObject;
  /** The current object with what it lacks; itself where it lacks nothing. */
  readonly merge: (current: StoredObject, wanted: StoredObject) => StoredObject;
}

function changeTo(store: Store, resource: string, { wanted, merge }: Wanted): Change[] {
  const key = wanted.metadata.name;
  const current = store.get(resource, key)?.object;
  if (current === undefined) return [{ resource, key, object: wanted }];
  if (current.metadata.annotations?.[autoupdate] === 'false') return [];
  const merged = merge(current, wanted);
  return merged === current ? [] : [{ resource, key, object: merged }];
}

function withRules(current: StoredObject, wanted: StoredObject): StoredObject {
  // Rules of an aggregated role come from others.
  if (current['aggregationRule'] !== undefined) return withLabels(current, wanted);
  const missing = missingRules(rulesOf(current), rulesOf(wanted));
  const labelled = withLabels(current, wanted);
  return missing.length === 0
    ? labelled
    : { ...labelled, ...typeOf(current), rules: [...rulesOf(current), ...missing] };
}

function withSubjects(current: StoredObject, wanted: StoredObject): StoredObject {
  const subjects = arrayAt(current, ['subjects']);
  const missing = arrayAt(wanted, ['subjects']).filter(
    (one) =>
      !subjects.some(
        (it) => isObject(it) && isObject(one) && it['kind'] === one['kind'] && it['name'] === one['name'],
      ),
  );
  return missing.length === 0
    ? current
    : { ...current, ...typeOf(current), subjects: [...subjects, ...missing] };
}

function withLabels(current: StoredObject, wanted: StoredObject): StoredObject {
  const labels = { ...current.metadata.labels, ...wanted.metadata.labels };
  if (sameJson(labels, current.metadata.labels ?? {})) return current;
  return { ...current, ...typeOf(current), metadata: { ...current.metadata, labels } };
}

function roleObject({ name, rules, labels, aggregates }: PolicyRole, now: string): StoredObject {
  const selectors = [{ matchLabels: { [aggregates ?? '']: 'true' } }];
  return {
    apiVersion,
    kind: 'ClusterRole',
    metadata: metadataOf(name, now, labels),
    ...(aggregates !== undefined && { aggregationRule: { clusterRoleSelectors: selectors } }),
    rules: aggregates === undefined ? rules : null,
  };
}

function isBound({ groups, users }: PolicyRole): boolean {
  return groups !== undefined || users !== undefined;
}

function bindingObject({ name, groups = [], users = [] }: PolicyRole, now: string): StoredObject {
  const subjectOf = (kind: string) => (subject: string) => ({ apiGroup: rbacGroup, kind, name: subject });
  return {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: metadataOf(name, now),
    roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name },
    subjects: [...groups.map(subjectOf('Group')), ...users.map(subjectOf('User'))],
  };
}

function metadataOf(
  name: string,
  now: string,
  labels?: Readonly<Record<string, string>>,
): StoredObject['metadata'] {
  return {
    name,
    uid: randomUUID(),
    creationTimestamp: now,
    annotations: marks.annotations,
    labels: { ...marks.labels, ...labels },
  };
}
