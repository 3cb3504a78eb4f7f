import type { Identity, LinkedPolicy } from './state.ts';
import { isSelected } from './subject.ts';
import type { Population } from './traits.ts';

/** The policies there are, each with the identities that it selects. */
export interface PolicySet {
  /** Puts a policy in the place of the one of this id, and selects its subjects. Returns the old one. */
  replace(id: string, next: LinkedPolicy | undefined): LinkedPolicy | undefined;
  /** Ends a replaced policy's selection. */
  release(old: LinkedPolicy): void;
  enter(identity: Identity): void;
  leave(identity: Identity): void;
  /** Selects anew in a namespace whose labels changed. Returns the identities that other policies select now. */
  relabel(namespace: string): Set<Identity>;
}

export function createPolicySet(population: Population): PolicySet {
  const policies = new Map<string, LinkedPolicy>();
  const byNamespace = new Map<string, Set<LinkedPolicy>>();
  const everywhere = new Set<LinkedPolicy>();

  /** The policies that may select pods of a namespace, where this one is. */
  const homeOf = ({ compiled: { subject } }: LinkedPolicy): Set<LinkedPolicy> => {
    if (!('name' in subject.namespaces)) return everywhere;
    const { name } = subject.namespaces;
    const home = byNamespace.get(name) ?? new Set();
    byNamespace.set(name, home);
    return home;
  };

  const candidatesOf = ({ compiled: { subject } }: LinkedPolicy): Iterable<Identity> =>
    'name' in subject.namespaces ? population.identitiesIn(subject.namespaces.name) : population.identities();

  /** Makes the selection what the policy says; whether it changed. */
  const select = (policy: LinkedPolicy, identity: Identity): boolean => {
    const isSubject = isSelected(policy.compiled.subject, identity.facts, population);
    if (isSubject === policy.subjects.has(identity)) return false;
    if (isSubject) {
      policy.subjects.add(identity);
      identity.policies.add(policy);
    } else {
      policy.subjects.delete(identity);
      identity.policies.delete(policy);
    }
    return true;
  };

  return {
    replace(id, next) {
      const old = policies.get(id);
      if (next === undefined) policies.delete(id);
      else {
        policies.set(id, next);
        homeOf(next).add(next);
        for (const identity of candidatesOf(next)) select(next, identity);
      }
      return old;
    },
    release(old) {
      const home = homeOf(old);
      home.delete(old);
      const { namespaces } = old.compiled.subject;
      if ('name' in namespaces && home.size === 0) byNamespace.delete(namespaces.name);
      for (const identity of old.subjects) identity.policies.delete(old);
    },
    enter(identity) {
      for (const policy of byNamespace.get(identity.facts.namespace) ?? []) select(policy, identity);
      for (const policy of everywhere) select(policy, identity);
    },
    leave(identity) {
      for (const policy of identity.policies) policy.subjects.delete(identity);
      identity.policies.clear();
    },
    relabel(namespace) {
      const changed = new Set<Identity>();
      for (const policy of everywhere) {
        for (const identity of population.identitiesIn(namespace)) {
          if (select(policy, identity)) changed.add(identity);
        }
      }
      return changed;
    },
  };
}
