import type { Resource } from '../resources.ts';
import { withoutNulls } from '../schema/nulls.ts';
import type { KubernetesObject } from '../types/meta.ts';
import { metadataProblems } from './metadata.ts';
import type { FieldProblem } from './problem.ts';
import { structuralProblems } from './structure.ts';

/** What objects of a kind must keep to besides their schema. */
export type Rules = (object: KubernetesObject) => FieldProblem[];

/** Pairs a resource with the rules for its own type, then forgets the type. */
export function rulesFor<T extends KubernetesObject>(
  resource: Resource<T>,
  rules: (object: T) => FieldProblem[],
): [Resource, Rules] {
  return [resource, (object) => rules(object as T)];
}

/**
 * Everything that is wrong with an object, of whatever JSON it is; nothing when the API server should take it.
 * First its structure is compared with the schema of its kind; only when types and required fields are right,
 * the rules of its kind follow. Objects of unknown kinds need just valid metadata.
 */
export function objectProblems(
  object: unknown,
  rulesOf: (object: KubernetesObject) => Rules | undefined,
): FieldProblem[] {
  const problems = structuralProblems(object);
  if (problems.some((problem) => !isMinor(problem))) return problems;
  // The structural walk has shown that this is an object of the API.
  const valid = withoutNulls(object as KubernetesObject);
  const rules = valid.metadata === undefined ? undefined : rulesOf(valid);
  return [...problems, ...metadataProblems(valid), ...(rules?.(valid) ?? [])];
}

/** Problems that leave the object's types right, so that the rules can still be read against it. */
function isMinor({ reason }: FieldProblem): boolean {
  return reason === 'UnknownField' || reason === 'FieldValueNotSupported';
}
