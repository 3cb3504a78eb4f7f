import type { MultiNetworkPolicy } from '../../api/types/layer2.ts';
import type { Labels, Protocol } from '../../api/types/meta.ts';
import type { NetworkPolicy } from '../../api/types/network.ts';
import type { Address } from '../../lib/address.ts';
import type { AddressRange } from '../../lib/prefix.ts';
import type { PortProtocol, PortSet } from './port-set.ts';
import type { ClusterNetworkPolicy } from '../../api/types/policy.ts';
import type { CompiledRule, PolicyKind, Tier } from './compile.ts';
import type { PortsOfRange } from './ranges.ts';
import type { Verdicts } from './rows.ts';

/** What policies can see of a pod. Pods that agree in all of it are one identity. */
export interface PodFacts {
  readonly namespace: string;
  readonly labels: Labels;
  readonly namedPorts: readonly NamedPort[];
}

/** What policies can see of a node. */
export interface NodeFacts {
  readonly labels: Labels;
  readonly addresses: readonly Address[];
}

export interface NamedPort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** What one pod may send, or receive. The data plane and the analysis read the same value. */
export interface DirectionPolicy {
  /**
   * Keys of the NetworkPolicies that select the pod in this direction, sorted. Empty: not isolated, everything passes
   * that `verdicts` let pass.
   */
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
  /** Set where policies of other tiers select the pod: then these decide, and the four above say nothing. */
  readonly verdicts?: Verdicts;
  /** Set where a policy in audit mode selects the pod: what would be open if it were enforced. */
  readonly audit?: Verdicts;
}

export interface PodPolicy {
  readonly ingress: DirectionPolicy;
  readonly egress: DirectionPolicy;
}

/**
 * Policies of all tiers against pods, kept current change by change. Identities that the same peer selectors select
 * (and that resolve the same named ports) share a *peer class*, a small stable number: allowances are stored per
 * class, so that pod churn never touches them.
 */
export interface PolicyModel {
  /** Undefined removes. A namespace never set has just the label `kubernetes.io/metadata.name`. */
  setNamespace(name: string, labels: Labels | undefined): void;
  setPolicy(key: string, policy: NetworkPolicy | undefined): void;
  /** A policy about further interfaces of pods: in a model whose pods are these, see `model/attachments/interfaces`. */
  setMultiPolicy(key: string, policy: MultiNetworkPolicy | undefined): void;
  /**
   * A policy of tier Admin or Baseline, by the kind it was written as and its name; the older kinds are given as what
   * `fromAdminPolicy` and `fromBaselinePolicy` make of them.
   */
  setClusterPolicy(kind: PolicyKind, name: string, policy: ClusterNetworkPolicy | undefined): void;
  /** Labels and addresses of a node; undefined removes. */
  setNode(name: string, node: NodeFacts | undefined): void;
  /** The addresses of a domain name (lower case, without a final dot) as long as they count; none forgets it. */
  setDomain(name: string, addresses: readonly Address[]): void;
  /** Whether a policy names a domain name, itself or by a wildcard. */
  namesDomain(name: string): boolean;
  /** Domain names and wildcards that policies began, or ceased, to use since the last call. */
  takeDomainChanges(): DomainChanges;
  setPod(key: string, facts: PodFacts | undefined): void;
  /** The pod's peer class; 0 when no policy's peer selects it, or when there is no such pod. */
  classOf(podKey: string): number;
  /**
   * The pod's allowances; the same object until they change, and the same for all pods whose allowances are
   * equal. A pod that is not there is not isolated.
   */
  policyOf(podKey: string): PodPolicy;
  /** The address space of both families, cut where the rules of a pod tell addresses apart; domain names cut nothing. */
  addressCells(podKey: string, direction: 'ingress' | 'egress'): readonly AddressRange[];
  /** What the policies of one pod say to one packet, and which rules say it; always as `policyOf` would. */
  decide(question: PolicyQuestion): PolicyDecision;
  /** Pods whose class or allowances changed since the last call, exactly; at first, from class 0 and no isolation. */
  takeChanges(): { readonly classes: ReadonlySet<string>; readonly policies: ReadonlySet<string> };
}

/** As policies write them: in lower case and without a final dot, wildcards as `*.example.com`. */
export interface DomainChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
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
    /**
     * Domain names that the address counts as one of, beside those that it is known by; `any` for whichever a rule
     * names.
     */
    readonly domains?: readonly string[] | 'any' | undefined;
  };
  readonly protocol: PortProtocol;
  /** 0 for protocols without ports. */
  readonly port: number;
}

export interface PolicyDecision {
  readonly verdict: 'allowed' | 'denied';
  /** Keys of the NetworkPolicies that isolate the pod in this direction, sorted. */
  readonly isolatedBy: readonly string[];
  /** Every rule of a NetworkPolicy that allows the packet, by policy key and the rule's place (`spec.ingress[0]`). */
  readonly allowedBy: readonly { readonly policy: string; readonly rule: string }[];
  /**
   * What each tier that was asked and had something to say said, in order; the last has decided. Empty: no policy
   * has a say, everything passes.
   */
  readonly steps: readonly TierStep[];
  /** Set where policies in audit mode would have denied what is allowed: the steps as if they were enforced. */
  readonly audit?: readonly TierStep[];
}

/** What a tier said to a packet. */
export interface TierStep {
  readonly tier: Tier;
  readonly action: CompiledRule['action'];
  /**
   * The rules that say so: one in the tiers with order; all that allow in NetworkPolicy, or, where none does, the
   * selection (`spec.podSelector`) of each policy that isolates.
   */
  readonly rules: readonly PolicyRule[];
}

export interface PolicyRule {
  readonly kind: PolicyKind;
  readonly policy: string;
  readonly rule: string;
}
