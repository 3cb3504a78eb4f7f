import type { Labels } from '../../api/types/meta.ts';
import type { CompiledPolicy, CompiledRule, PodPeer, PortName } from './compile.ts';
import type { AddressGroups } from './address-groups.ts';
import { resolvePort } from './named-ports.ts';
import { isSelected } from './subject.ts';
import type { AddressGroup, Identity, LinkedPolicy, LinkedRule, Trait, TraitSubject } from './state.ts';

/** What traits are asked about. */
export interface Population {
  labelsOf(namespace: string): Labels;
  identitiesIn(namespace: string): Iterable<Identity>;
  identities(): Iterable<Identity>;
}

/** The traits in use, each exactly as long as a policy uses it, and the marks they leave on identities. */
export interface Traits {
  /** Puts a policy into the graph. Identities that got marks by it are added to `marked`. */
  link(policy: CompiledPolicy, marked: Set<Identity>): LinkedPolicy;
  unlink(policy: LinkedPolicy, marked: Set<Identity>): void;
  /** Gives a new identity its marks. */
  enter(identity: Identity): void;
  leave(identity: Identity): void;
  /** Marks the identities of a namespace again after its labels changed. */
  relabel(namespace: string, marked: Set<Identity>): void;
}

export function createTraits(population: Population, addressGroups: AddressGroups): Traits {
  const traits = new Map<string, Trait>();
  /** Traits that only pods of one namespace can have. */
  const local = new Map<string, Set<Trait>>();
  const everywhere = new Set<Trait>();
  let lastId = 0;

  function acquire(key: string, subject: TraitSubject, marked: Set<Identity>): Trait {
    const known = traits.get(key);
    if (known !== undefined) return known;
    const trait: Trait = {
      id: ++lastId,
      key,
      subject,
      users: new Set(),
      identities: new Set(),
      classes: new Set(),
    };
    traits.set(key, trait);
    homeOf(subject).add(trait);
    const candidates =
      subject.kind === 'pods' ? population.identitiesIn(subject.namespace) : population.identities();
    for (const identity of candidates) if (mark(trait, identity)) marked.add(identity);
    return trait;
  }

  function homeOf(subject: TraitSubject): Set<Trait> {
    if (subject.kind !== 'pods') return everywhere;
    const home = local.get(subject.namespace) ?? new Set();
    local.set(subject.namespace, home);
    return home;
  }

  function drop(trait: Trait, marked: Set<Identity>): void {
    traits.delete(trait.key);
    const home = homeOf(trait.subject);
    home.delete(trait);
    if (trait.subject.kind === 'pods' && home.size === 0) local.delete(trait.subject.namespace);
    for (const identity of trait.identities) {
      identity.marks.delete(trait);
      marked.add(identity);
    }
  }

  /** Makes the identity's mark what the trait says; whether it changed. */
  function mark(trait: Trait, identity: Identity): boolean {
    const value = valueOf(trait.subject, identity, population);
    if (identity.marks.get(trait) === value) return false;
    if (value === undefined) {
      identity.marks.delete(trait);
      trait.identities.delete(identity);
    } else {
      identity.marks.set(trait, value);
      trait.identities.add(identity);
    }
    return true;
  }

  const podTrait = (peer: PodPeer, marked: Set<Identity>): Trait =>
    acquire(peer.key, subjectOf(peer), marked);

  const portTrait = (port: PortName, marked: Set<Identity>): Trait =>
    acquire(`port ${port.protocol} ${port.name}`, { kind: 'port', port }, marked);

  function linkRule(rule: CompiledRule, isEgress: boolean, marked: Set<Identity>): LinkedRule {
    const { peers, ports, path, action } = rule;
    return {
      path,
      action,
      anywhere: peers === 'anywhere',
      peers: peers === 'anywhere' ? [] : peers.pods.map((peer) => podTrait(peer, marked)),
      ranges: peers === 'anywhere' ? [] : peers.ranges,
      groups: peers === 'anywhere' ? [] : peers.groups.map((group) => addressGroups.acquire(group)),
      numbered: ports.numbered,
      named: ports.named.map((port) => ({ port, trait: isEgress ? portTrait(port, marked) : undefined })),
    };
  }

  return {
    link(compiled, marked) {
      const ingress = compiled.ingress?.map((rule) => linkRule(rule, false, marked));
      const egress = compiled.egress?.map((rule) => linkRule(rule, true, marked));
      const rules = [...(ingress ?? []), ...(egress ?? [])];
      const policy: LinkedPolicy = {
        compiled,
        ingress,
        egress,
        traits: new Set(rules.flatMap(traitsOf)),
        groups: new Set(rules.flatMap(({ groups }): readonly AddressGroup[] => groups)),
        subjects: new Set(),
      };
      for (const { users } of [...policy.traits, ...policy.groups]) users.add(policy);
      return policy;
    },
    unlink(policy, marked) {
      for (const trait of policy.traits) {
        trait.users.delete(policy);
        if (trait.users.size === 0) drop(trait, marked);
      }
      for (const group of policy.groups) {
        group.users.delete(policy);
        addressGroups.release(group);
      }
    },
    enter(identity) {
      for (const trait of local.get(identity.facts.namespace) ?? []) mark(trait, identity);
      for (const trait of everywhere) mark(trait, identity);
    },
    leave(identity) {
      for (const trait of identity.marks.keys()) trait.identities.delete(identity);
      identity.marks.clear();
    },
    relabel(namespace, marked) {
      for (const trait of everywhere) {
        if (trait.subject.kind !== 'namespaced-pods') continue;
        for (const identity of population.identitiesIn(namespace)) {
          if (mark(trait, identity)) marked.add(identity);
        }
      }
    },
  };
}

function traitsOf({ peers, named }: LinkedRule): Trait[] {
  return [...peers, ...named.flatMap(({ trait }) => trait ?? [])];
}

function subjectOf({ namespaces, pods }: PodPeer): TraitSubject {
  return 'name' in namespaces
    ? { kind: 'pods', namespace: namespaces.name, pods }
    : { kind: 'namespaced-pods', namespaces: namespaces.selector, pods };
}

/** The mark that an identity gets for a trait; undefined when it does not have the trait. */
function valueOf(subject: TraitSubject, { facts }: Identity, population: Population): number | undefined {
  if (subject.kind === 'port') return resolvePort(facts, subject.port);
  const namespaces = subject.kind === 'pods' ? { name: subject.namespace } : { selector: subject.namespaces };
  return isSelected({ namespaces, pods: subject.pods }, facts, population) ? 0 : undefined;
}
