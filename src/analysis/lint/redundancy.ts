import type { NetworkPolicy, NetworkPolicySpec } from '../../api/types/network.ts';
import { podFacts } from '../../model/identity/pod-facts.ts';
import { allowancesKey } from '../../model/policy/allowances.ts';
import type { Direction } from '../../model/policy/compile.ts';
import { createPolicyModel } from '../../model/policy/policy-model.ts';
import type { DirectionPolicy, PodPolicy, PolicyModel } from '../../model/policy/port.ts';
import type { LintFacts } from './facts.ts';
import type { PolicyFacts } from './policy-facts.ts';
import { hasEffect } from './rule-meaning.ts';

/** A rule without which the same connections are possible; without `rule` a whole policy. */
interface Redundant {
  readonly policy: string;
  readonly rule: string | undefined;
}

/**
 * Takes policies and rules out of a model of their own, from the last to the first, and leaves out for good what is not
 * missed: so all of it can be deleted together. What has no effect even alone is left to other rules; so are policies
 * without rules, which are meant for pods yet to come. Rules in `withoutAsking`, as `KEY PATH`, are left out at once.
 */
export function* redundantIn(facts: LintFacts, withoutAsking: ReadonlySet<string>): Generator<Redundant> {
  const model = modelOf(facts);
  const specs = new Map<string, NetworkPolicySpec>();
  for (const policy of facts.policies) {
    const kept = policy.rules.filter(({ path }) => !withoutAsking.has(`${policy.key} ${path}`));
    specs.set(policy.key, specOf(policy, new Set(kept.map(({ path }) => path))));
    model.setPolicy(policy.key, objectOf(policy, specs.get(policy.key)));
  }
  for (const policy of facts.policies.toReversed()) {
    const rules = policy.rules.filter(
      (rule) => !withoutAsking.has(`${policy.key} ${rule.path}`) && hasEffect(facts, policy, rule),
    );
    if (policy.compiled.mode !== 'enforce' || policy.subjects.length === 0 || rules.length === 0) continue;
    const before = statesOf(model, policy);
    const isMissed = (next: NetworkPolicy | undefined): boolean => {
      model.setPolicy(policy.key, next);
      return statesOf(model, policy).some((state, index) => state !== before[index]);
    };
    if (!isMissed(undefined)) {
      yield { policy: policy.key, rule: undefined };
      continue;
    }
    const left = new Set(policy.rules.map(({ path }) => path));
    for (const path of withoutAsking) left.delete(path.slice(policy.key.length + 1));
    for (const { path } of rules.toReversed()) {
      left.delete(path);
      if (!isMissed(objectOf(policy, specOf(policy, left)))) yield { policy: policy.key, rule: path };
      else left.add(path);
    }
    model.setPolicy(policy.key, objectOf(policy, specOf(policy, left)));
  }
}

/** The cluster's policies, each with a keeper that selects nobody: so that no peer class ever changes its number. */
function modelOf({ cluster, policies }: LintFacts): PolicyModel {
  const model = createPolicyModel();
  for (const [name, { metadata }] of cluster.namespaces) model.setNamespace(name, metadata.labels ?? {});
  for (const [key, pod] of cluster.pods) model.setPod(key, podFacts(pod));
  for (const policy of policies) {
    const spec = { ...policy.policy.spec, podSelector: nobody };
    model.setPolicy(`${policy.key} keeper`, objectOf(policy, spec));
  }
  return model;
}

const nobody: NonNullable<NetworkPolicySpec['podSelector']> = {
  matchExpressions: [
    { key: 'kept', operator: 'Exists' },
    { key: 'kept', operator: 'DoesNotExist' },
  ],
};

function objectOf({ policy }: PolicyFacts, spec: NetworkPolicySpec = {}): NetworkPolicy {
  return { ...policy, spec };
}

/** The policy with these rules of it only; it isolates as before. */
function specOf({ policy, compiled }: PolicyFacts, paths: ReadonlySet<string>): NetworkPolicySpec {
  const { ingress = [], egress = [] } = policy.spec;
  const isKept = (direction: Direction) => (_: unknown, index: number) =>
    paths.has(`spec.${direction}[${index}]`);
  return {
    ...policy.spec,
    policyTypes: [
      ...(compiled.ingress === undefined ? [] : (['Ingress'] as const)),
      ...(compiled.egress === undefined ? [] : (['Egress'] as const)),
    ],
    ingress: ingress.filter(isKept('ingress')),
    egress: egress.filter(isKept('egress')),
  };
}

/** What may pass at each of the policy's pods, whoever it is that isolates it. */
function statesOf(model: PolicyModel, { subjects }: PolicyFacts): string[] {
  const keys = new Map<PodPolicy, string>();
  return subjects.map((pod) => {
    const policy = model.policyOf(pod);
    const known = keys.get(policy) ?? stateOf(policy);
    keys.set(policy, known);
    return known;
  });
}

function stateOf({ ingress, egress }: PodPolicy): string {
  const anonymous = (policy: DirectionPolicy): DirectionPolicy => ({
    ...policy,
    isolatedBy: policy.isolatedBy.length === 0 ? [] : ['some policy'],
  });
  return allowancesKey({ ingress: anonymous(ingress), egress: anonymous(egress) });
}
