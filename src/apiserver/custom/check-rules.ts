import { forbidden, type FieldProblem } from '../../api/validate/problem.ts';
import { additionalOf, type JsonSchema } from './json-schema.ts';

/** What is wrong with the rules of a schema: this server does not evaluate any yet, and so takes none. */
export function ruleProblems(schema: JsonSchema, path: string): FieldProblem[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map((_, i) =>
    forbidden(`${path}.x-kubernetes-validations[${i}]`, 'rules are not evaluated by this server'),
  );
  const additional = additionalOf(schema);
  return [
    ...own,
    ...Object.entries(schema.properties ?? {}).flatMap(([name, one]) =>
      ruleProblems(one, `${path}.properties[${name}]`),
    ),
    ...(schema.items === undefined ? [] : ruleProblems(schema.items, `${path}.items`)),
    ...(additional === undefined ? [] : ruleProblems(additional, `${path}.additionalProperties`)),
  ];
}
