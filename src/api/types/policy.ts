import type { Condition, KubernetesObject, LabelSelector, Protocol } from './meta.ts';

/**
 * policy.networking.k8s.io ClusterNetworkPolicy: v1alpha2 as released, and v1beta1, which has the same fields.
 * Rules that nobody set all of the fields of come from a later version: see `compileClusterPolicy`.
 */
export interface ClusterNetworkPolicy extends KubernetesObject {
  spec: ClusterNetworkPolicySpec;
  status?: { conditions?: Condition[] };
}

export interface ClusterNetworkPolicySpec {
  tier: 'Admin' | 'Baseline';
  /** 0 to 1000; the lower comes first. */
  priority: number;
  subject: PolicySubject;
  ingress?: ClusterNetworkPolicyIngressRule[];
  egress?: ClusterNetworkPolicyEgressRule[];
}

/** Exactly one of them. */
export interface PolicySubject {
  namespaces?: LabelSelector;
  pods?: NamespacedPods;
}

export interface NamespacedPods {
  /** All namespaces when absent. */
  namespaceSelector?: LabelSelector;
  podSelector?: LabelSelector;
}

interface ClusterNetworkPolicyRule {
  name?: string;
  action: 'Accept' | 'Deny' | 'Pass';
  protocols?: ClusterNetworkPolicyProtocol[];
}

export interface ClusterNetworkPolicyIngressRule extends ClusterNetworkPolicyRule {
  from: PolicySubject[];
}

export interface ClusterNetworkPolicyEgressRule extends ClusterNetworkPolicyRule {
  to: EgressPeer[];
}

/** Exactly one of them. */
export interface EgressPeer extends PolicySubject {
  nodes?: LabelSelector;
  /** Prefixes of either family. They match pods too. */
  networks?: string[];
  /** `example.com`, or `*.example.com` for every name below it. */
  domainNames?: string[];
}

/** Exactly one of them. */
export interface ClusterNetworkPolicyProtocol {
  tcp?: { destinationPort?: DestinationPort };
  udp?: { destinationPort?: DestinationPort };
  sctp?: { destinationPort?: DestinationPort };
  /** Of whichever protocol the pod's port of this name has. */
  destinationNamedPort?: string;
}

/** Exactly one of them. */
export interface DestinationPort {
  number?: number;
  range?: { start: number; end: number };
}

/** policy.networking.k8s.io/v1alpha1 AdminNetworkPolicy: what ClusterNetworkPolicy replaced. */
export interface AdminNetworkPolicy extends KubernetesObject {
  spec: OlderPolicySpec & { priority: number };
}

/** policy.networking.k8s.io/v1alpha1 BaselineAdminNetworkPolicy: one per cluster, named `default`. */
export interface BaselineAdminNetworkPolicy extends KubernetesObject {
  spec: OlderPolicySpec;
}

export interface OlderPolicySpec {
  subject: PolicySubject;
  ingress?: (OlderPolicyRule & { from: PolicySubject[] })[];
  egress?: (OlderPolicyRule & { to: EgressPeer[] })[];
}

interface OlderPolicyRule {
  name?: string;
  action: 'Allow' | 'Deny' | 'Pass';
  ports?: OlderPolicyPort[];
}

/** Exactly one of them. */
export interface OlderPolicyPort {
  portNumber?: { protocol?: Protocol; port: number };
  portRange?: { protocol?: Protocol; start: number; end: number };
  namedPort?: string;
}
