import type { KubernetesObject } from '../types/meta.ts';
import { checkSyntax } from './checks.ts';
import { referenceProblems, type Reference } from './ingress.ts';
import { dnsLabel, domainPrefixedPath } from './names.ts';
import { forbidden, notSupported, required, tooLong, type FieldProblem } from './problem.ts';

interface IngressClass extends KubernetesObject {
  spec?: { controller?: string; parameters?: Reference & { scope?: string; namespace?: string } };
}

const longestController = 250;
const scopes = ['Cluster', 'Namespace'];

/** Rules for IngressClasses (networking validation `ValidateIngressClass`). */
export function ingressClassProblems(object: KubernetesObject): FieldProblem[] {
  // The schema says that this object is an IngressClass.
  const { controller = '', parameters } = (object as IngressClass).spec ?? {};
  const path = 'spec.controller';
  const problems = controller === '' ? [required(path)] : checkSyntax(path, controller, domainPrefixedPath);
  if (controller.length > longestController) problems.push(tooLong(path, longestController));
  if (parameters === undefined) return problems;
  const at = 'spec.parameters';
  return [...problems, ...referenceProblems(at, parameters), ...scopeProblems(at, parameters)];
}

function scopeProblems(
  path: string,
  { scope = 'Cluster', namespace }: { scope?: string; namespace?: string },
): FieldProblem[] {
  const at = `${path}.namespace`;
  if (!scopes.includes(scope)) return [notSupported(`${path}.scope`, scope, scopes)];
  if (scope === 'Cluster')
    return namespace === undefined ? [] : [forbidden(at, "`parameters.scope` is set to 'Cluster'")];
  if (namespace === undefined) return [required(at, "`parameters.scope` is set to 'Namespace'")];
  return checkSyntax(at, namespace, dnsLabel);
}
