import type { Resource } from '../../api/resources.ts';
import type { Pod, Service } from '../../api/types/core.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { checkAddress } from '../../api/validate/checks.ts';
import { ingressStatusProblems } from '../../api/validate/ingress.ts';
import { budgetStatusProblems } from '../../api/validate/kept.ts';
import type { FieldProblem } from '../../api/validate/problem.ts';
import { loadBalancerStatusProblems } from '../../api/validate/service-load-balancer.ts';
import { sameJson, type StoredObject } from '../json.ts';
import { qualifiedName } from '../status.ts';

type Rule = (object: KubernetesObject) => FieldProblem[];

/** Rules for a status that is being written; one that stays is let be. */
export function statusProblems(
  resource: Resource,
  object: StoredObject,
  previous: StoredObject | undefined,
): FieldProblem[] {
  const name = qualifiedName(resource);
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (rule === undefined || sameJson(object['status'], previous?.['status'])) return [];
  return rule(object);
}

const rules: Readonly<Record<string, Rule>> = {
  // Each has been checked against the schema of its kind.
  services: (object) => loadBalancerStatusProblems(object as Service),
  pods: (object) => podStatusProblems(object as Pod),
  'ingresses.networking.k8s.io': ingressStatusProblems,
  'poddisruptionbudgets.policy': budgetStatusProblems,
};

function podStatusProblems({ status }: Pod): FieldProblem[] {
  return (status?.podIPs ?? []).flatMap(({ ip }, i) => checkAddress(`status.podIPs[${i}]`, ip));
}
