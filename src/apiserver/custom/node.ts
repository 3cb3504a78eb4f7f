import { isObject, type Json } from '../json.ts';
import { checksOf, type Check } from './checks.ts';
import { additionalOf, junctorsOf, type JsonSchema } from './json-schema.ts';

/** One node of a structural schema, made ready for the walks over values. */
export interface SchemaNode {
  readonly schema: JsonSchema;
  readonly properties: ReadonlyMap<string, SchemaNode>;
  /** Of the values of a map. */
  readonly additional: SchemaNode | undefined;
  readonly items: SchemaNode | undefined;
  readonly preserves: boolean;
  readonly embedded: boolean;
  /** A default is here or below. */
  readonly hasDefaults: boolean;
  /** A rule in CEL is here or below. */
  readonly hasRules: boolean;
  readonly required: readonly string[];
  readonly checks: readonly Check[];
  readonly junctors: readonly Junctor[];
}

/** A condition over whole schemas: `all` of them fit, or any, or exactly one, or none. */
export interface Junctor {
  readonly kind: 'allOf' | 'anyOf' | 'oneOf' | 'not';
  readonly nodes: readonly SchemaNode[];
}

/** Throws what the pattern compiler throws: schemas are checked before (`checkStructure`). */
export function nodeOf(schema: JsonSchema): SchemaNode {
  const properties = new Map(
    Object.entries(schema.properties ?? {}).map(([name, one]) => [name, nodeOf(one)] as const),
  );
  const map = additionalOf(schema);
  const additional = map && nodeOf(map);
  const items = schema.items && nodeOf(schema.items);
  const below = [...properties.values(), ...(additional ? [additional] : []), ...(items ? [items] : [])];
  return {
    schema,
    properties,
    additional,
    items,
    preserves:
      schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true,
    embedded: schema['x-kubernetes-embedded-resource'] === true,
    hasDefaults: schema.default !== undefined || below.some(({ hasDefaults }) => hasDefaults),
    hasRules: (schema['x-kubernetes-validations'] ?? []).length > 0 || below.some(({ hasRules }) => hasRules),
    required: schema.required ?? [],
    checks: checksOf(schema),
    junctors: junctorsOf(schema).length === 0 ? [] : junctors(schema),
  };
}

function junctors(schema: JsonSchema): Junctor[] {
  const lists = (['allOf', 'anyOf', 'oneOf'] as const).map((kind) => ({ kind, schemas: schema[kind] ?? [] }));
  const not = { kind: 'not' as const, schemas: schema.not === undefined ? [] : [schema.not] };
  return [...lists, not]
    .filter(({ schemas }) => schemas.length > 0)
    .map(({ kind, schemas }) => ({ kind, nodes: schemas.map(nodeOf) }));
}

/** The node of a field or map entry; undefined where the schema says nothing of it. */
export function childOf(node: SchemaNode, field: string): SchemaNode | undefined {
  return node.properties.get(field) ?? node.additional;
}

/** The fields of a JSON object, where the value is one. */
export function fieldsOf(value: unknown): readonly [string, Json][] {
  return isObject(value) ? (Object.entries(value) as [string, Json][]) : [];
}
