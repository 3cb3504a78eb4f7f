import type { Labels, Protocol } from '../../api/types/meta.ts';
import type { NetworkPolicy } from '../../api/types/network.ts';
import type { Address } from '../../lib/address.ts';
import type { PortSet } from './port-set.ts';
import type { PortsOfRange } from './ranges.ts';

/** What policies can see of a pod. Pods that agree in all of it are one identity. */
export interface PodFacts {
  readonly namespace: string;
  readonly labels: Labels;
  readonly namedPorts: readonly NamedPort[];
}

export interface NamedPort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** What one pod may send, or receive. The data plane and the analysis read the same value. */
export interface DirectionPolicy {
  /** Keys of the policies that select the pod in this direction, sorted. Empty: not isolated, everything passes. */
  readonly isolatedBy: readonly string[];
  /** Ports open towards every address there is (rules without peers). */
  readonly anywhere: PortSet;
  /** Ports open towards the pods of a peer class, by class; classes without open ports are absent. */
  readonly classes: ReadonlyMap<number, PortSet>;
  /** Ports open towards address ranges (ipBlock less its `except`), disjoint and ascending. They match pods too. */
  readonly ranges: readonly PortsOfRange[];
  /**
   * Ports open towards the pods of a class at addresses of a range, by class and disjoint and ascending in each: what
   * an egress rule's port names are to the pods of its ipBlock. Ingress has none, for names are the subject's there.
   */
  readonly rangesOfClasses: ReadonlyMap<number, readonly PortsOfRange[]>;
}

export interface PodPolicy {
  readonly ingress: DirectionPolicy;
  readonly egress: DirectionPolicy;
}

/**
 * NetworkPolicies against pods, kept current change by change. Identities that the same peer selectors select
 * (and that resolve the same named ports) share a *peer class*, a small stable number: allowances are stored per
 * class, so that pod churn never touches them.
 */
export interface PolicyModel {
  /** Undefined removes. A namespace never set has just the label `kubernetes.io/metadata.name`. */
  setNamespace(name: string, labels: Labels | undefined): void;
  setPolicy(key: string, policy: NetworkPolicy | undefined): void;
  setPod(key: string, facts: PodFacts | undefined): void;
  /** The pod's peer class; 0 when no policy's peer selects it, or when there is no such pod. */
  classOf(podKey: string): number;
  /**
   * The pod's allowances; the same object until they change, and the same for all pods whose allowances are
   * equal. A pod that is not there is not isolated.
   */
  policyOf(podKey: string): PodPolicy;
  /** What the policies of one pod say to one packet, and which rules say it; always as `policyOf` would. */
  decide(question: PolicyQuestion): PolicyDecision;
  /** Pods whose class or allowances changed since the last call, exactly; at first, from class 0 and no isolation. */
  takeChanges(): { readonly classes: ReadonlySet<string>; readonly policies: ReadonlySet<string> };
}

/** A packet at the pod whose policies judge it: where a Service sent it, with the source address seen there. */
export interface PolicyQuestion {
  readonly direction: 'ingress' | 'egress';
  /** Key of the pod that receives (ingress) or sends (egress). */
  readonly pod: string;
  readonly peer: {
    /** Set when the packet carries the address of this pod. */
    readonly pod?: string | undefined;
    readonly address?: Address | undefined;
  };
  readonly protocol: Protocol;
  readonly port: number;
}

export interface PolicyDecision {
  readonly verdict: 'allowed' | 'denied';
  /** Keys of the policies that isolate the pod in this direction, sorted. Empty: everything passes. */
  readonly isolatedBy: readonly string[];
  /** Every rule that allows the packet, by policy key and the rule's place in it (`spec.ingress[0]`). */
  readonly allowedBy: readonly { readonly policy: string; readonly rule: string }[];
}
