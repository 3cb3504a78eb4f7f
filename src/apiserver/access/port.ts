import type { User } from '../identity/user.ts';

/** What somebody wants to do with resources. Empty strings are what a path does not say. */
export interface ResourceAttributes {
  readonly user: User;
  readonly verb: string;
  readonly namespace: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** Fields that a list or watch selects exactly, where it says so. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** What somebody wants to do with a path that is no resource's. */
export interface PathAttributes {
  readonly user: User;
  readonly verb: string;
  readonly path: string;
}

export type Attributes = ResourceAttributes | PathAttributes;

/** Whether something may be done, and by what rule. */
export interface Decision {
  readonly allowed: boolean;
  /** Of who is in charge; empty where there is nothing to say. */
  readonly reason: string;
}

/** One thing that a role allows (rbac.authorization.k8s.io/v1 PolicyRule). */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

/** Decides who may do what. */
export interface Authorizer {
  decide(attributes: Attributes): Decision;
  /** All rules that hold for a user, cluster-wide and in the namespace where one is named. */
  rulesFor(user: User, namespace: string): readonly PolicyRule[];
}

export function isPathAttributes(attributes: Attributes): attributes is PathAttributes {
  return 'path' in attributes;
}
