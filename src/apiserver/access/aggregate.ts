import { matchesSelector } from '../../api/selector.ts';
import { arrayAt, isObject, sameJson, valueAt, type StoredObject } from '../json.ts';
import type { Store } from '../store/port.ts';
import { rbacStores } from './bindings.ts';

/**
 * Keeps the rules of ClusterRoles with an `aggregationRule`: all rules of the roles that its selectors match, by the
 * order of their names, each once. As upstream's controller, but in the server: a decision after a write holds it
 * already. The returned function ends it.
 */
export function followAggregation(store: Store): () => void {
  let due = false;
  const later = (): void => {
    if (due) return;
    due = true;
    // Not within the write that is being told of: others have yet to hear of it.
    queueMicrotask(() => {
      due = false;
      aggregateRoles(store);
    });
  };
  aggregateRoles(store);
  return store.watch(rbacStores.clusterRoles, store.resourceVersion, later);
}

/** Aggregated roles may select each other (`admin` takes on `edit`): again until nothing changes. */
function aggregateRoles(store: Store): void {
  const most = store.count(rbacStores.clusterRoles) + 1;
  for (let round = 0; round < most; round++) {
    const roles = store.list(rbacStores.clusterRoles).map(({ object }) => object);
    const changes = roles.flatMap((role) => {
      const rules = aggregatedRules(role, roles);
      if (rules === undefined || sameJson(rules, role['rules'] ?? [])) return [];
      const { apiVersion, kind, metadata } = role;
      const object: StoredObject = { ...role, apiVersion, kind, metadata, rules };
      return [{ resource: rbacStores.clusterRoles, key: metadata.name, object }];
    });
    if (changes.length === 0) return;
    store.write(changes);
  }
}

/** Undefined for a role that aggregates nothing. */
function aggregatedRules(role: StoredObject, roles: readonly StoredObject[]): unknown[] | undefined {
  const selectors = arrayAt(role, ['aggregationRule', 'clusterRoleSelectors']).filter(isObject);
  if (!isObject(valueAt(role, ['aggregationRule']))) return undefined;
  const rules: unknown[] = [];
  const seen = new Set<string>();
  for (const one of roles) {
    if (one === role || !selectors.some((selector) => matchesSelector(selector, one.metadata.labels)))
      continue;
    for (const rule of arrayAt(one, ['rules'])) {
      const word = JSON.stringify(rule);
      if (seen.has(word)) continue;
      seen.add(word);
      rules.push(rule);
    }
  }
  return rules;
}
