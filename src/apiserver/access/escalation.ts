import type { Resource } from '../../api/resources.ts';
import { mastersGroup, type User } from '../identity/user.ts';
import { isObject, sameJson, textAt, valueAt, type StoredObject } from '../json.ts';
import { forbidden, notFound, type StatusError } from '../status.ts';
import type { Store } from '../store/port.ts';
import { rbacGroup, rbacStores } from './bindings.ts';
import { goList, missingRules, ruleText } from './cover.ts';
import type { Authorizer, PolicyRule } from './port.ts';
import { rulesOf } from './rule.ts';

/** A write of a role or binding, and who writes. */
export interface Writing {
  readonly user: User;
  readonly resource: Resource;
  readonly object: StoredObject;
  /** Undefined for a new object. */
  readonly previous: StoredObject | undefined;
}

export interface EscalationOptions {
  readonly store: Store;
  readonly authorizer: Authorizer;
}

/** What only those may grant who may do everything: a role that takes on rules of others by their labels. */
const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/**
 * Nobody gives away what they do not have themselves, unless a rule lets them `escalate` the role or `bind` it. Throws
 * 403 naming what is missing, and 404 for a binding to a role that is not there. What does not change what is granted
 * is always allowed.
 */
export function requireNoEscalation(options: EscalationOptions, writing: Writing): void {
  const { user, resource } = writing;
  if (resource.group !== rbacGroup || user.groups.includes(mastersGroup)) return;
  if (resource.kind === 'Role' || resource.kind === 'ClusterRole') requireOwnRules(options, writing);
  else if (grants(writing.object) !== grants(writing.previous)) requireOwnRole(options, writing);
}

function requireOwnRules(options: EscalationOptions, writing: Writing): void {
  const { object, previous } = writing;
  if (mayDo(options, writing, { verb: 'escalate', kind: writing.resource.kind, name: object.metadata.name }))
    return;
  const aggregates = object['aggregationRule'];
  if (isObject(aggregates) && !sameJson(aggregates, previous?.['aggregationRule'])) {
    if (missingFor(options, writing, everything).length > 0) {
      const why = 'must have cluster-admin privileges to use an aggregationRule';
      throw forbidden(writing.resource, object.metadata.name, { why });
    }
  }
  if (previous !== undefined && sameJson(previous['rules'] ?? [], object['rules'] ?? [])) return;
  requireHeld(options, writing, rulesOf(object));
}

function requireOwnRole(options: EscalationOptions, writing: Writing): void {
  const { object } = writing;
  const [kind, name] = [textAt(object, ['roleRef', 'kind']), textAt(object, ['roleRef', 'name'])];
  if (mayDo(options, writing, { verb: 'bind', kind, name })) return;
  const namespaced = kind === 'Role';
  const namespace = object.metadata.namespace ?? '';
  const role = options.store.get(
    namespaced ? rbacStores.roles : rbacStores.clusterRoles,
    namespaced ? `${namespace}/${name}` : name,
  );
  if (role === undefined) throw roleNotFound(writing.resource, { kind, name });
  requireHeld(options, writing, rulesOf(role.object));
}

function roleNotFound(resource: Resource, { kind, name }: { kind: string; name: string }): StatusError {
  const plural = kind === 'Role' ? 'roles' : 'clusterroles';
  return notFound({ ...resource, plural, kind, subresources: [] }, name);
}

function mayDo(
  { authorizer }: EscalationOptions,
  { user, object, resource }: Writing,
  { verb, kind, name }: { verb: string; kind: string; name: string },
): boolean {
  const { allowed } = authorizer.decide({
    user,
    verb,
    namespace: object.metadata.namespace ?? '',
    group: rbacGroup,
    version: resource.version,
    resource: kind === 'Role' ? 'roles' : 'clusterroles',
    subresource: '',
    name,
  });
  return allowed;
}

function missingFor(
  { authorizer }: EscalationOptions,
  { user, object }: Writing,
  rules: readonly PolicyRule[],
): PolicyRule[] {
  return missingRules(authorizer.rulesFor(user, object.metadata.namespace ?? ''), rules);
}

function requireHeld(options: EscalationOptions, writing: Writing, rules: readonly PolicyRule[]): void {
  const missing = missingFor(options, writing, rules);
  if (missing.length === 0) return;
  const { user, resource, object } = writing;
  const who = `user ${JSON.stringify(user.name)} (groups=${goList(user.groups)})`;
  const list = missing.map(ruleText).sort().join('\n');
  const why = `${who} is attempting to grant RBAC permissions not currently held:\n${list}`;
  throw forbidden(resource, object.metadata.name, { why });
}

/** What a binding grants, for comparison. */
function grants(binding: StoredObject | undefined): string {
  return binding === undefined
    ? ''
    : JSON.stringify([valueAt(binding, ['roleRef']), valueAt(binding, ['subjects'])]);
}
