import { invalid, type FieldProblem } from '../../api/validate/problem.ts';
import { sameJson } from '../json.ts';
import { additionalOf, type JsonSchema } from './json-schema.ts';
import { nodeOf, type SchemaNode } from './node.ts';
import { pruneValue } from './prune.ts';
import { withSchemaDefaults } from './defaults.ts';
import { schemaProblems } from './validate.ts';

/** Defaults that their own schema would refuse, or of which it would drop a part. */
export function defaultProblems(schema: JsonSchema, path: string): FieldProblem[] {
  const problems: FieldProblem[] = [];
  visit(schema, path, problems);
  return problems;
}

function visit(schema: JsonSchema, path: string, problems: FieldProblem[]): void {
  if (schema.default !== undefined) problems.push(...ownProblems(schema, `${path}.default`));
  for (const [name, one] of Object.entries(schema.properties ?? {}))
    visit(one, `${path}.properties[${name}]`, problems);
  if (schema.items !== undefined) visit(schema.items, `${path}.items`, problems);
  const additional = additionalOf(schema);
  if (additional !== undefined) visit(additional, `${path}.additionalProperties`, problems);
}

function ownProblems(schema: JsonSchema, path: string): FieldProblem[] {
  const node: SchemaNode = nodeOf(schema);
  const value = schema.default;
  const pruned = pruneValue(value, node, { path, unknown: [] });
  if (!sameJson(pruned, value)) return [invalid(path, value, 'must not have unknown fields')];
  return schemaProblems(withSchemaDefaults(value, node), node).map((problem) => ({
    ...problem,
    path: problem.path === '' ? path : `${path}.${problem.path}`,
  }));
}
