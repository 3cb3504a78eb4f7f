import type { User } from '../identity/user.ts';
import type { Store } from '../store/port.ts';
import { followBindings, subjectWords } from './bindings.ts';
import { createGrants, requestOf, type Grants } from './grants.ts';
import { isPathAttributes, type Authorizer, type PolicyRule } from './port.ts';
import { rulesOf } from './rule.ts';

/** So many subjects are remembered with what they may do; beyond it they are forgotten and found again. */
const mostGrants = 10_000;

/** RBAC over the roles and bindings of the store (rbac.authorization.k8s.io/v1). */
export interface Rbac extends Authorizer {
  stop(): void;
}

/**
 * Bindings are indexed by their subjects as they change; what a subject may do is put together when it is first asked
 * for, and again after a binding of it or any role changed.
 */
export function createRbac(store: Store): Rbac {
  const grants = new Map<string, Grants>();
  const bindings = followBindings(store, (subjects) => {
    if (subjects === undefined) grants.clear();
    for (const subject of subjects ?? []) grants.delete(subject);
  });

  const grantsOf = (subject: string, namespace: string): Grants => {
    const word = `${namespace} ${subject}`;
    let known = grants.get(word);
    if (known !== undefined) return known;
    known = createGrants(
      bindings.of(subject, namespace).map(({ role, reason }) => ({ rules: rulesAt(role), reason })),
    );
    if (grants.size >= mostGrants) grants.clear();
    grants.set(word, known);
    return known;
  };
  // Many bindings are to the same role. Stored objects are never modified.
  const rulesRead = new WeakMap<object, PolicyRule[]>();
  const rulesAt = ({ store: resource, key }: { store: string; key: string }): PolicyRule[] => {
    const role = store.get(resource, key)?.object;
    if (role === undefined) return [];
    let rules = rulesRead.get(role);
    if (rules === undefined) rulesRead.set(role, (rules = rulesOf(role)));
    return rules;
  };
  const places = (namespace: string): string[] => (namespace === '' ? [''] : ['', namespace]);

  return {
    decide(attributes) {
      const request = requestOf(attributes);
      const subjects = subjectWords(attributes.user);
      for (const place of places(isPathAttributes(attributes) ? '' : attributes.namespace)) {
        for (const subject of subjects) {
          const reason = grantsOf(subject, place).allows(request);
          if (reason !== undefined) return { allowed: true, reason };
        }
      }
      return { allowed: false, reason: '' };
    },
    rulesFor(user: User, namespace) {
      return places(namespace).flatMap((place) =>
        subjectWords(user).flatMap((subject) =>
          bindings.of(subject, place).flatMap(({ role }) => rulesAt(role)),
        ),
      );
    },
    stop: () => bindings.stop(),
  };
}
