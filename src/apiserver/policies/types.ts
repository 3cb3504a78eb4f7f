import type { LabelSelector } from '../../api/types/meta.ts';
import type { StoredObject } from '../json.ts';

/** An admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy that was admitted. */
export interface Policy extends StoredObject {
  spec: PolicySpec;
}

export interface PolicySpec {
  readonly failurePolicy?: 'Fail' | 'Ignore';
  readonly paramKind?: { readonly apiVersion: string; readonly kind: string };
  readonly matchConstraints?: MatchResources;
  readonly matchConditions?: readonly { readonly name: string; readonly expression: string }[];
  readonly variables?: readonly { readonly name: string; readonly expression: string }[];
  readonly validations?: readonly Validation[];
  readonly auditAnnotations?: readonly { readonly key: string; readonly valueExpression: string }[];
}

export interface Validation {
  readonly expression: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
}

export interface MatchResources {
  readonly resourceRules?: readonly ResourceRule[];
  readonly excludeResourceRules?: readonly ResourceRule[];
  readonly namespaceSelector?: LabelSelector;
  readonly objectSelector?: LabelSelector;
  readonly matchPolicy?: 'Equivalent' | 'Exact';
}

export interface ResourceRule {
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  readonly operations?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly scope?: string;
}

/** A ValidatingAdmissionPolicyBinding that was admitted. */
export interface PolicyBinding extends StoredObject {
  spec: BindingSpec;
}

export interface BindingSpec {
  readonly policyName: string;
  readonly validationActions: readonly ('Deny' | 'Warn' | 'Audit')[];
  readonly paramRef?: ParamRef;
  readonly matchResources?: MatchResources;
}

export interface ParamRef {
  readonly name?: string;
  readonly namespace?: string;
  readonly selector?: LabelSelector;
  readonly parameterNotFoundAction?: string;
}

export const policiesStore = 'validatingadmissionpolicies.admissionregistration.k8s.io';
export const bindingsStore = 'validatingadmissionpolicybindings.admissionregistration.k8s.io';
