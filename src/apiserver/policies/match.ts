import { matchesSelector } from '../../api/selector.ts';
import type { Catalog } from '../catalog/port.ts';
import type { StoredObject } from '../json.ts';
import type { Store } from '../store/port.ts';
import type { Review } from './port.ts';
import type { MatchResources, ResourceRule } from './types.ts';

export interface Cluster {
  readonly store: Store;
  readonly catalog: Catalog;
}

/** Whether a write is among those that a policy or a binding is about. */
export function matches(match: MatchResources | undefined, review: Review, cluster: Cluster): boolean {
  if (match === undefined) return true;
  return matchesRules(match, review, cluster) && matchesLabels(match, review, cluster);
}

function matchesRules(match: MatchResources, review: Review, cluster: Cluster): boolean {
  const { resourceRules = [], excludeResourceRules = [] } = match;
  const others = match.matchPolicy === 'Exact' ? undefined : cluster;
  const isIn = (rule: ResourceRule): boolean => matchesRule(rule, review, others);
  if (excludeResourceRules.some(isIn)) return false;
  return resourceRules.length === 0 || resourceRules.some(isIn);
}

function matchesLabels(
  { namespaceSelector, objectSelector }: MatchResources,
  review: Review,
  { store }: Cluster,
): boolean {
  const objects = [review.object, review.old].filter((object) => object !== undefined);
  const selected = objects.some(({ metadata }) => matchesSelector(objectSelector ?? {}, metadata.labels));
  const namespace = namespaceOf(review, store);
  // What is in no namespace has no labels of one to be chosen by.
  return (
    selected &&
    (namespace === undefined || matchesSelector(namespaceSelector ?? {}, namespace.metadata.labels))
  );
}

/** The namespace that a write is in; a namespace is in itself. */
export function namespaceOf({ resource, object, old }: Review, store: Store): StoredObject | undefined {
  const subject = object ?? old;
  if (resource.group === '' && resource.plural === 'namespaces') return subject;
  const { namespace } = subject?.metadata ?? {};
  return namespace === undefined ? undefined : store.get('namespaces', namespace)?.object;
}

/** With a cluster a rule that names another version of the same resource counts as well. */
function matchesRule(rule: ResourceRule, review: Review, cluster: Cluster | undefined): boolean {
  return (
    includes(rule.apiGroups, review.resource.group) &&
    includes(rule.operations, review.operation) &&
    matchesVersion(rule, review, cluster) &&
    (rule.resources ?? []).some((pattern) => matchesResource(pattern, review)) &&
    matchesObject(rule, review)
  );
}

function matchesObject({ resourceNames = [], scope = '*' }: ResourceRule, review: Review): boolean {
  const name = (review.object ?? review.old)?.metadata.name ?? '';
  if (resourceNames.length > 0 && !resourceNames.includes(name)) return false;
  return scope === '*' || (scope === 'Namespaced') === review.resource.namespaced;
}

function includes(values: readonly string[] | undefined, value: string): boolean {
  return values?.includes('*') === true || values?.includes(value) === true;
}

function matchesVersion(
  { apiVersions = [] }: ResourceRule,
  { resource }: Review,
  cluster: Cluster | undefined,
): boolean {
  if (includes(apiVersions, resource.version)) return true;
  const { group, plural } = resource;
  return (
    cluster !== undefined &&
    apiVersions.some((version) => cluster.catalog.find({ group, version, plural }) !== undefined)
  );
}

/** `pods`, `pods/status`, `pods/*`, `*` (without subresources), `*` with `/*` or `/scale`. */
function matchesResource(pattern: string, { resource, subresource = '' }: Review): boolean {
  const [plural = '', sub = ''] = pattern.split('/');
  if (plural !== '*' && plural !== resource.plural) return false;
  return sub === subresource || (sub === '*' && pattern.includes('/'));
}
