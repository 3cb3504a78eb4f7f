import { required, type FieldProblem } from '../../api/validate/problem.ts';
import { childOf, fieldsOf, type SchemaNode } from './node.ts';

/** What objects inside an object lack that every object of the API has. */
export function embeddedProblems(value: unknown, node: SchemaNode, path = ''): FieldProblem[] {
  if (!holdsEmbedded(node)) return [];
  if (Array.isArray(value)) {
    const { items } = node;
    if (items === undefined) return [];
    return value.flatMap((item, i) => embeddedProblems(item, items, `${path}[${i}]`));
  }
  return fieldsOf(value).flatMap(([field, inner]) => {
    const child = childOf(node, field);
    if (child === undefined) return [];
    const at = path === '' ? field : `${path}.${field}`;
    return [...(child.embedded ? typeProblems(inner, at) : []), ...embeddedProblems(inner, child, at)];
  });
}

function typeProblems(value: unknown, path: string): FieldProblem[] {
  const fields = new Map(fieldsOf(value));
  return ['apiVersion', 'kind']
    .filter((field) => typeof fields.get(field) !== 'string' || fields.get(field) === '')
    .map((field) => required(`${path}.${field}`));
}

const known = new WeakMap<SchemaNode, boolean>();

/** Whether the schema has an embedded resource here or below; found out once. */
function holdsEmbedded(node: SchemaNode): boolean {
  let holds = known.get(node);
  if (holds === undefined) {
    const below = [
      ...node.properties.values(),
      ...(node.items ? [node.items] : []),
      ...(node.additional ? [node.additional] : []),
    ];
    holds = node.embedded || below.some(holdsEmbedded);
    known.set(node, holds);
  }
  return holds;
}
