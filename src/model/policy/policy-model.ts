import { matchesSelector } from '../../api/selector.ts';
import { allowancesKey, allowancesOf, unrestricted } from './allowances.ts';
import { createClasses } from './classes.ts';
import { compilePolicy } from './compile.ts';
import { decideBy } from './decide.ts';
import { createInterner } from './intern.ts';
import { createPopulation } from './population.ts';
import type { PodPolicy, PolicyModel } from './port.ts';
import { createReports } from './reports.ts';
import type { Identity, LinkedPolicy } from './state.ts';
import { createTraits } from './traits.ts';

/**
 * The policy model, empty. A change visits what it concerns in the graph of `state.ts`: a pod of a known identity
 * costs its own entry; a policy costs its subjects and the identities that selectors nobody used before match; a
 * namespace's labels cost the namespace. Allowances are computed when somebody asks, once per identity.
 */
export function createPolicyModel(): PolicyModel {
  const population = createPopulation();
  const traits = createTraits(population);
  const classes = createClasses();
  const reports = createReports();
  const intern = createInterner<PodPolicy>();
  const policies = new Map<string, LinkedPolicy>();
  const policiesIn = new Map<string, Set<LinkedPolicy>>();
  // What may have changed since it was last told.
  const movedPods = new Set<string>();
  const touched = new Set<Identity>();

  function touch(identity: Identity): void {
    identity.allowances = undefined;
    touched.add(identity);
  }

  /** Lets identities with new marks find their classes, and whoever allows those classes hear of it. */
  function reclassify(marked: Iterable<Identity>): void {
    const changes = classes.reclassify(marked);
    for (const identity of changes.moved) touched.add(identity);
    for (const trait of changes.traits) {
      for (const policy of trait.users) policy.subjects.forEach(touch);
    }
  }

  function add(policy: LinkedPolicy): void {
    const { key, namespace, subject } = policy.compiled;
    policies.set(key, policy);
    const siblings = policiesIn.get(namespace);
    if (siblings === undefined) policiesIn.set(namespace, new Set([policy]));
    else siblings.add(policy);
    for (const identity of population.identitiesIn(namespace)) {
      if (!matchesSelector(subject, identity.facts.labels)) continue;
      policy.subjects.add(identity);
      identity.policies.add(policy);
      touch(identity);
    }
  }

  function remove(policy: LinkedPolicy): void {
    const { key, namespace } = policy.compiled;
    policies.delete(key);
    const siblings = policiesIn.get(namespace);
    siblings?.delete(policy);
    if (siblings?.size === 0) policiesIn.delete(namespace);
    for (const identity of policy.subjects) {
      identity.policies.delete(policy);
      touch(identity);
    }
  }

  function enter(identity: Identity): void {
    for (const policy of policiesIn.get(identity.facts.namespace) ?? []) {
      if (!matchesSelector(policy.compiled.subject, identity.facts.labels)) continue;
      policy.subjects.add(identity);
      identity.policies.add(policy);
    }
    traits.enter(identity);
  }

  function leave(identity: Identity): void {
    for (const policy of identity.policies) policy.subjects.delete(identity);
    identity.policies.clear();
    traits.leave(identity);
  }

  function policyOf(podKey: string): PodPolicy {
    const identity = population.identityOfPod(podKey);
    if (identity === undefined) return unrestricted;
    identity.allowances ??= shared(allowancesOf(identity));
    return identity.allowances;
  }

  /** Equal allowances are one object; a pod that nothing isolates has the object of pods that are not there. */
  function shared(allowances: PodPolicy): PodPolicy {
    return allowances === unrestricted ? unrestricted : intern(allowancesKey(allowances), allowances);
  }

  const classOf = (podKey: string): number => population.identityOfPod(podKey)?.peerClass?.number ?? 0;

  return {
    setNamespace(name, labels) {
      if (!population.setLabels(name, labels)) return;
      const marked = new Set<Identity>();
      traits.relabel(name, marked);
      reclassify(marked);
    },
    setPolicy(key, policy) {
      const old = policies.get(key);
      const marked = new Set<Identity>();
      // The new one first: selectors that both use stay in use.
      const next = policy === undefined ? undefined : traits.link(compilePolicy(key, policy), marked);
      if (old !== undefined) remove(old);
      if (next !== undefined) add(next);
      if (old !== undefined) traits.unlink(old, marked);
      reclassify(marked);
    },
    setPod(key, facts) {
      const move = population.move(key, facts);
      if (move === false) return;
      movedPods.add(key);
      const marked = [move.created, move.emptied].filter((identity) => identity !== undefined);
      if (move.created !== undefined) enter(move.created);
      if (move.emptied !== undefined) leave(move.emptied);
      reclassify(marked);
      if (move.emptied !== undefined) touched.delete(move.emptied);
    },
    classOf,
    policyOf,
    decide({ direction, pod, peer, protocol, port }) {
      return decideBy({
        direction,
        subject: population.identityOfPod(pod),
        peer: peer.pod === undefined ? undefined : population.identityOfPod(peer.pod),
        address: peer.address,
        protocol,
        port,
      });
    },
    takeChanges() {
      const candidates = new Set(movedPods);
      for (const identity of touched) for (const podKey of identity.pods) candidates.add(podKey);
      movedPods.clear();
      touched.clear();
      return reports.compare(candidates, (podKey) => ({
        peerClass: classOf(podKey),
        policy: policyOf(podKey),
      }));
    },
  };
}
