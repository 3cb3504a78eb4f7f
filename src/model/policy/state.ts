import type { LabelSelector } from '../../api/types/meta.ts';
import type { Address } from '../../lib/address.ts';
import type { AddressRange } from '../../lib/prefix.ts';
import type { AddressGroupSpec, CompiledPolicy, CompiledRule, PortName } from './compile.ts';
import type { PodFacts, PodPolicy } from './port.ts';
import type { PortSet } from './port-set.ts';

/*
 * The graph that the policy model keeps current. A policy looks at the pods around it through *traits*: "is
 * selected by this peer selector", "has this port name, with this number". Identities with the same marks (the
 * traits they have, and the numbers) are one peer class.
 *
 *     LinkedPolicy --subjects--> Identity --pods--> pod keys
 *          |                         |
 *        traits ---> Trait <---marks-+
 *                      |             |
 *                   classes ---> PeerClass --members--> Identity
 *
 * Every edge can be walked both ways, so a change visits only what it concerns.
 */

/** Pods that policies cannot tell apart. */
export interface Identity {
  readonly key: string;
  readonly facts: PodFacts;
  readonly pods: Set<string>;
  /** Policies that select it. */
  readonly policies: Set<LinkedPolicy>;
  /** The traits it has; the value is the number of a named port, else 0. */
  readonly marks: Map<Trait, number>;
  /** Undefined while no trait is there: class 0. */
  peerClass: PeerClass | undefined;
  /** Computed when asked for; undefined again when something it depends on changed. */
  allowances: PodPolicy | undefined;
}

/** Something that at least one policy looks at in its peers. */
export interface Trait {
  /** Small and never reused: what signatures are made of. */
  readonly id: number;
  readonly key: string;
  readonly subject: TraitSubject;
  readonly users: Set<LinkedPolicy>;
  readonly identities: Set<Identity>;
  readonly classes: Set<PeerClass>;
}

export type TraitSubject =
  | { readonly kind: 'pods'; readonly namespace: string; readonly pods: LabelSelector }
  | { readonly kind: 'namespaced-pods'; readonly namespaces: LabelSelector; readonly pods: LabelSelector }
  | { readonly kind: 'port'; readonly port: PortName };

/** Identities with the same marks. */
export interface PeerClass {
  /** Never 0 and never given to another class. */
  readonly number: number;
  signature: string;
  marks: ReadonlyMap<Trait, number>;
  readonly members: Set<Identity>;
}

/** A compiled policy in its place in the graph. */
export interface LinkedPolicy {
  readonly compiled: CompiledPolicy;
  readonly ingress: readonly LinkedRule[] | undefined;
  readonly egress: readonly LinkedRule[] | undefined;
  readonly traits: ReadonlySet<Trait>;
  readonly groups: ReadonlySet<AddressGroup>;
  readonly subjects: Set<Identity>;
}

/** Addresses that come and go under one name: those of selected nodes, or of a domain name. */
export interface AddressGroup {
  readonly spec: AddressGroupSpec;
  /** By the node's or the domain's own name. */
  readonly members: Map<string, readonly Address[]>;
  /** All of the members' addresses. */
  ranges: readonly AddressRange[];
  readonly users: Set<LinkedPolicy>;
}

export interface LinkedRule {
  readonly path: string;
  readonly action: CompiledRule['action'];
  readonly anywhere: boolean;
  readonly peers: readonly Trait[];
  readonly ranges: readonly AddressRange[];
  readonly groups: readonly AddressGroup[];
  readonly numbered: PortSet;
  /** With the trait by which a destination resolves the name; ingress rules resolve names at their subject. */
  readonly named: readonly { readonly port: PortName; readonly trait: Trait | undefined }[];
}
