import { resources, type Resource } from '../../api/resources.ts';
import type { StoredObject } from '../json.ts';
import { invalid } from '../status.ts';
import { bindingProblems, policyProblems } from './check.ts';
import type { MatchResources, Policy, PolicyBinding, ResourceRule } from './types.ts';

/** Whether a resource is of policies: no policy is about those, or nobody could take a wrong one back. */
export function isOfPolicies({ group }: Resource): boolean {
  return group === 'admissionregistration.k8s.io';
}

/** A policy or a binding as it is to be stored, with its defaults. Throws 422. */
export function admitPolicy(resource: Resource, object: StoredObject): StoredObject {
  const isPolicy = resource === resources.validatingadmissionpolicies;
  const { name } = object.metadata;
  const problems = isPolicy
    ? policyProblems(name, (object as Policy).spec)
    : bindingProblems((object as PolicyBinding).spec);
  if (problems.length > 0) {
    const causes = problems.map(({ path, reason, message }) => ({ reason, message, field: path }));
    throw invalid(resource, name, causes);
  }
  return isPolicy ? withPolicyDefaults(object as Policy) : withBindingDefaults(object as PolicyBinding);
}

function withPolicyDefaults(policy: Policy): StoredObject {
  const { spec } = policy;
  const { matchConstraints, failurePolicy = 'Fail' } = spec;
  const constraints = matchConstraints && { matchConstraints: withMatchDefaults(matchConstraints) };
  return { ...policy, spec: { ...spec, failurePolicy, ...constraints } };
}

function withBindingDefaults(binding: PolicyBinding): StoredObject {
  const { matchResources } = binding.spec;
  if (matchResources === undefined) return binding;
  return { ...binding, spec: { ...binding.spec, matchResources: withMatchDefaults(matchResources) } };
}

function withMatchDefaults(match: MatchResources): MatchResources {
  const scoped = (rules: readonly ResourceRule[]): ResourceRule[] =>
    rules.map((rule) => ({ scope: '*', ...rule }));
  return {
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
    ...match,
    ...(match.resourceRules !== undefined && { resourceRules: scoped(match.resourceRules) }),
    ...(match.excludeResourceRules !== undefined && {
      excludeResourceRules: scoped(match.excludeResourceRules),
    }),
  };
}
