import { namespaceNameLabel } from '../../api/selector.ts';
import type { Labels } from '../../api/types/meta.ts';
import { identityOf } from '../identity/identity.ts';
import type { PodFacts } from './port.ts';
import type { Identity } from './state.ts';
import type { Population } from './traits.ts';

/** The namespaces and pods there are, with pods grouped into identities. */
export interface PopulationStore extends Population {
  /** Sets or, with undefined, forgets a namespace's labels; false when nothing changed. */
  setLabels(namespace: string, labels: Labels | undefined): boolean;
  identityOfPod(podKey: string): Identity | undefined;
  /** Moves a pod to the identity of its facts, or away; false when it was there already. */
  move(podKey: string, facts: PodFacts | undefined): Move | false;
}

/** Identities that a moved pod made or left empty. */
interface Move {
  readonly created: Identity | undefined;
  readonly emptied: Identity | undefined;
}

export function createPopulation(): PopulationStore {
  const namespaceLabels = new Map<string, Labels>();
  const identities = new Map<string, Identity>();
  const byNamespace = new Map<string, Set<Identity>>();
  const pods = new Map<string, Identity>();

  function create(key: string, facts: PodFacts): Identity {
    const identity: Identity = {
      key,
      facts,
      pods: new Set(),
      policies: new Set(),
      marks: new Map(),
      peerClass: undefined,
      allowances: undefined,
    };
    identities.set(key, identity);
    const siblings = byNamespace.get(facts.namespace);
    if (siblings === undefined) byNamespace.set(facts.namespace, new Set([identity]));
    else siblings.add(identity);
    return identity;
  }

  function forget(identity: Identity): void {
    identities.delete(identity.key);
    const siblings = byNamespace.get(identity.facts.namespace);
    siblings?.delete(identity);
    if (siblings?.size === 0) byNamespace.delete(identity.facts.namespace);
  }

  /** Whether nobody is left. */
  function takeOut(podKey: string, identity: Identity): boolean {
    pods.delete(podKey);
    identity.pods.delete(podKey);
    if (identity.pods.size > 0) return false;
    forget(identity);
    return true;
  }

  function putIn(podKey: string, identity: Identity | undefined): void {
    if (identity === undefined) return;
    pods.set(podKey, identity);
    identity.pods.add(podKey);
  }

  return {
    labelsOf: (namespace) => namespaceLabels.get(namespace) ?? { [namespaceNameLabel]: namespace },
    identitiesIn: (namespace) => byNamespace.get(namespace) ?? [],
    identities: () => identities.values(),
    identityOfPod: (podKey) => pods.get(podKey),
    setLabels(namespace, labels) {
      const before = namespaceLabels.get(namespace) ?? {};
      const after = { ...labels, [namespaceNameLabel]: namespace };
      if (labels === undefined) namespaceLabels.delete(namespace);
      else namespaceLabels.set(namespace, after);
      return !sameLabels({ ...before, [namespaceNameLabel]: namespace }, after);
    },
    move(podKey, facts) {
      const old = pods.get(podKey);
      const key = facts === undefined ? undefined : identityOf(facts);
      if (old?.key === key) return false;
      const known = key === undefined ? undefined : identities.get(key);
      const created =
        key === undefined || facts === undefined || known !== undefined ? undefined : create(key, facts);
      const isEmptied = old !== undefined && takeOut(podKey, old);
      putIn(podKey, known ?? created);
      return { created, emptied: isEmptied ? old : undefined };
    },
  };
}

function sameLabels(a: Labels, b: Labels): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
