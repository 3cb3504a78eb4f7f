import { createAddressGroups } from './address-groups.ts';
import { allowancesKey, allowancesOf, unrestricted } from './allowances.ts';
import { createClasses } from './classes.ts';
import { compileClusterPolicy } from './compile-cluster.ts';
import { compileMultiPolicy } from './compile-multi.ts';
import { compilePolicy, type CompiledPolicy } from './compile.ts';
import { decideBy } from './decide.ts';
import { createInterner } from './intern.ts';
import { createPopulation } from './population.ts';
import type { PodPolicy, PolicyModel } from './port.ts';
import { createPolicySet } from './policy-set.ts';
import { rowKey, stemKey, type Row, type RowStem } from './rows.ts';
import { createReports } from './reports.ts';
import type { Identity, LinkedPolicy } from './state.ts';
import { enforcedTiers } from './tiers.ts';
import { createTraits } from './traits.ts';
import { addressCells } from './verdicts.ts';

/**
 * The policy model, empty. A change visits what it concerns in the graph of `state.ts`: a pod of a known identity
 * costs its own entry; a policy costs its subjects and the identities that selectors nobody used before match; a
 * namespace's labels cost the namespace. Allowances are computed when somebody asks, once per identity. In a network that does not enforce
 * policies, they say nothing: it is as if there were none.
 */
export function createPolicyModel({ areEnforced = true } = {}): PolicyModel {
  const population = createPopulation();
  const addressGroups = createAddressGroups();
  const traits = createTraits(population, addressGroups);
  const classes = createClasses();
  const reports = createReports();
  const intern = createInterner<PodPolicy>();
  const [internRow, internStem] = [createInterner<Row>(), createInterner<RowStem>()];
  const interners = {
    row: (row: Row): Row => internRow(rowKey(row), row),
    stem: (stem: RowStem): RowStem => internStem(stemKey(stem), stem),
  };
  const policies = createPolicySet(population);
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

  function touchSubjects(changed: Iterable<LinkedPolicy>): void {
    for (const policy of changed) policy.subjects.forEach(touch);
  }

  function replace(id: string, compiled: CompiledPolicy | undefined): void {
    if (!areEnforced) return;
    const marked = new Set<Identity>();
    // The new one first: selectors that both use stay in use.
    const next = compiled === undefined ? undefined : traits.link(compiled, marked);
    const old = policies.replace(id, next);
    touchSubjects([old, next].filter((policy) => policy !== undefined));
    if (old !== undefined) {
      policies.release(old);
      traits.unlink(old, marked);
    }
    reclassify(marked);
  }

  function policyOf(podKey: string): PodPolicy {
    const identity = population.identityOfPod(podKey);
    if (identity === undefined) return unrestricted;
    identity.allowances ??= shared(allowancesOf(identity, interners));
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
      for (const identity of policies.relabel(name)) touch(identity);
      reclassify(marked);
    },
    setPolicy(key, policy) {
      replace(`NetworkPolicy ${key}`, policy && compilePolicy(key, policy));
    },
    setMultiPolicy(key, policy) {
      replace(`MultiNetworkPolicy ${key}`, policy && compileMultiPolicy(key, policy));
    },
    setClusterPolicy(kind, name, policy) {
      replace(`${kind} ${name}`, policy && compileClusterPolicy(kind, policy));
    },
    setNode(name, node) {
      touchSubjects(addressGroups.setNode(name, node));
    },
    setDomain(name, addresses) {
      touchSubjects(addressGroups.setDomain(name, addresses));
    },
    namesDomain: (name) => addressGroups.namesDomain(name),
    takeDomainChanges: () => addressGroups.takeDomainChanges(),
    setPod(key, facts) {
      const move = population.move(key, facts);
      if (move === false) return;
      movedPods.add(key);
      const marked = [move.created, move.emptied].filter((identity) => identity !== undefined);
      if (move.created !== undefined) {
        policies.enter(move.created);
        traits.enter(move.created);
      }
      if (move.emptied !== undefined) {
        policies.leave(move.emptied);
        traits.leave(move.emptied);
      }
      reclassify(marked);
      if (move.emptied !== undefined) touched.delete(move.emptied);
    },
    classOf,
    policyOf,
    addressCells(podKey, direction) {
      const identity = population.identityOfPod(podKey);
      return addressCells(identity && enforcedTiers(identity, direction), direction);
    },
    decide({ direction, pod, peer, protocol, port }) {
      return decideBy({
        direction,
        subject: population.identityOfPod(pod),
        peer: peer.pod === undefined ? undefined : population.identityOfPod(peer.pod),
        address: peer.address,
        domains: peer.domains,
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
