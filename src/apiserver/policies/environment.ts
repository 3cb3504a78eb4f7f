import type { Variable } from '../cel/check.ts';
import { compileExpression, type Compiled } from '../cel/program.ts';
import { listOf, mapOf, types, type CelType } from '../cel/types.ts';
import type { Value } from '../cel/values/value.ts';
import { isObject } from '../json.ts';

const text: CelType = { kind: 'string' };

function objectType(name: string, fields: Readonly<Record<string, CelType>>): CelType {
  return { kind: 'object', name, fields: new Map(Object.entries(fields)) };
}

const kindType = objectType('kubernetes.GroupVersionKind', { group: text, version: text, kind: text });
const resourceType = objectType('kubernetes.GroupVersionResource', {
  group: text,
  version: text,
  resource: text,
});

/** admission/v1 AdmissionRequest, as far as expressions see it. */
const requestType = objectType('kubernetes.AdmissionRequest', {
  kind: kindType,
  resource: resourceType,
  subResource: text,
  requestKind: kindType,
  requestResource: resourceType,
  requestSubResource: text,
  name: text,
  namespace: text,
  operation: text,
  userInfo: objectType('kubernetes.UserInfo', {
    username: text,
    uid: text,
    groups: listOf(text),
    extra: mapOf(text, listOf(text)),
  }),
  dryRun: types.bool,
  options: types.dyn,
});

/** What every expression of a policy sees. `authorizer` is not among them: nothing decides about access yet. */
const variables: readonly Variable[] = [
  { name: 'object', type: types.dyn },
  { name: 'oldObject', type: types.dyn },
  { name: 'request', type: requestType },
  { name: 'namespaceObject', type: types.dyn },
];

/** Compiles an expression of a policy; `params` only where it has any, `composed` the variables before it. */
export function compileInPolicy(
  expression: string,
  {
    hasParams,
    composed,
    wanted,
  }: { hasParams: boolean; composed: CelType | undefined; wanted: readonly CelType['kind'][] },
): Compiled {
  return compileExpression(expression, {
    variables: [
      ...variables,
      ...(composed === undefined ? [] : [{ name: 'variables', type: composed }]),
      ...(hasParams ? [{ name: 'params', type: types.dyn }] : []),
    ],
    wanted,
  });
}

/** Values for `compileInPolicy`, in its order. */
export interface Values {
  readonly object: Value;
  readonly oldObject: Value;
  readonly request: Value;
  readonly namespaceObject: Value;
  readonly variables: Value | undefined;
  readonly params: Value | undefined;
}

export function inOrder(values: Values, { hasParams }: { hasParams: boolean }): (Value | undefined)[] {
  const { object, oldObject, request, namespaceObject } = values;
  const first = [object, oldObject, request, namespaceObject];
  if (values.variables !== undefined) first.push(values.variables);
  return hasParams ? [...first, values.params ?? null] : first;
}

/** JSON as values of CEL: whole numbers are ints. */
export function anyValue(value: unknown): Value {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(anyValue);
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, anyValue(inner)]));
  return value === undefined ? null : (value as Value);
}
