import { forbidden, invalid, notSupported, required, type FieldProblem } from '../../api/validate/problem.ts';
import { patternOf } from '../regexp.ts';
import { additionalOf, junctorsOf, type JsonSchema } from './json-schema.ts';
import { listProblems } from './check-lists.ts';

/** Schemas nest no deeper: every walk over them and their values recurses. */
const deepest = 50;

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** Where in a schema a node is: what is asked of it depends on that. */
interface Place {
  readonly path: string;
  readonly depth: number;
  readonly role: 'root' | 'property' | 'items' | 'additionalProperties';
}

/**
 * In which ways a schema is not structural (KEP-1979): upstream's rules, of which each node's type, fields and
 * merge behaviour are known without looking at values.
 */
export function structureProblems(schema: JsonSchema, path: string): FieldProblem[] {
  return nodeProblems(schema, { path, depth: 0, role: 'root' });
}

function nodeProblems(schema: JsonSchema, place: Place): FieldProblem[] {
  const { path, depth } = place;
  if (depth > deepest) return [forbidden(path, `schemas may not nest deeper than ${deepest} levels`)];
  return [
    ...typeProblems(schema, place),
    ...unsupportedProblems(schema, path),
    ...valueRuleProblems(schema, path),
    ...extensionProblems(schema, place),
    ...listProblems(schema, path),
    ...junctorsOf(schema).flatMap(([inner, one]) =>
      junctorProblems(one, { within: schema, path: `${path}.${inner}`, depth: depth + 1 }),
    ),
    ...childProblems(schema, place),
  ];
}

function childProblems(schema: JsonSchema, { path, depth }: Place): FieldProblem[] {
  const inner = { depth: depth + 1 };
  const additional = additionalOf(schema);
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, one]) =>
      nodeProblems(one, { ...inner, path: `${path}.properties[${name}]`, role: 'property' }),
    ),
    ...(schema.items === undefined
      ? []
      : nodeProblems(schema.items, { ...inner, path: `${path}.items`, role: 'items' })),
    ...(additional === undefined
      ? []
      : nodeProblems(additional, {
          ...inner,
          path: `${path}.additionalProperties`,
          role: 'additionalProperties',
        })),
  ];
}

const typeWanted: Readonly<Record<Place['role'], string>> = {
  root: 'must not be empty at the root',
  property: 'must not be empty for specified object fields',
  items: 'must not be empty for specified array items',
  additionalProperties: 'must not be empty for specified object fields',
};

function typeProblems(schema: JsonSchema, { path, role }: Place): FieldProblem[] {
  const { type = '' } = schema;
  const untyped =
    schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (type === '') return untyped && role !== 'root' ? [] : [required(`${path}.type`, typeWanted[role])];
  if (!types.includes(type)) return [notSupported(`${path}.type`, type, types)];
  if (role === 'root' && type !== 'object')
    return [invalid(`${path}.type`, type, 'must be object at the root')];
  if (type === 'array' && schema.items === undefined) return [required(`${path}.items`, 'must be specified')];
  return [];
}

/** Parts of JSON Schema that would make a schema depend on other places, or checking too slow. */
const unsupported = [
  '$ref',
  'definitions',
  'dependencies',
  'patternProperties',
  'additionalItems',
  'id',
  '$schema',
] as const;

function unsupportedProblems(schema: JsonSchema, path: string): FieldProblem[] {
  const problems = unsupported
    .filter((field) => schema[field] !== undefined && schema[field] !== '')
    .map((field) => forbidden(`${path}.${field}`, `${field} is not supported`));
  if (schema.uniqueItems === true)
    problems.push(
      forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  if (schema.additionalProperties === false)
    problems.push(forbidden(`${path}.additionalProperties`, 'additionalProperties cannot be set to false'));
  const both = schema.properties !== undefined && Object.keys(schema.properties).length > 0;
  if (both && schema.additionalProperties !== undefined)
    problems.push(
      forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'),
    );
  return problems;
}

function valueRuleProblems({ pattern }: JsonSchema, path: string): FieldProblem[] {
  if (pattern === undefined || pattern === '') return [];
  try {
    patternOf(pattern);
    return [];
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return [invalid(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${why}`)];
  }
}

function extensionProblems(schema: JsonSchema, { path, role }: Place): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const preserves = schema['x-kubernetes-preserve-unknown-fields'];
  if (preserves === false)
    problems.push(
      invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'),
    );
  problems.push(...embeddedProblems(schema, path));
  if (schema['x-kubernetes-int-or-string'] === true && (schema.type ?? '') !== '')
    problems.push(forbidden(`${path}.type`, 'must be empty if x-kubernetes-int-or-string is true'));
  if (role === 'root' || schema['x-kubernetes-embedded-resource'] === true)
    problems.push(...metadataProblems(schema, path));
  return problems;
}

function embeddedProblems(schema: JsonSchema, path: string): FieldProblem[] {
  if (schema['x-kubernetes-embedded-resource'] !== true) return [];
  if (schema.type !== 'object') {
    const why = 'must be object if x-kubernetes-embedded-resource is true';
    return [invalid(`${path}.type`, schema.type ?? '', why)];
  }
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (preserves || Object.keys(schema.properties ?? {}).length > 0) return [];
  const why =
    'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
  return [required(`${path}.properties`, why)];
}

/** Of the metadata a schema may only restrict the names: the rest is the API's. */
function metadataProblems(schema: JsonSchema, path: string): FieldProblem[] {
  const metadata = schema.properties?.['metadata'];
  if (metadata === undefined) return [];
  const at = `${path}.properties[metadata]`;
  if (metadata.type !== 'object') return [invalid(`${at}.type`, metadata.type ?? '', 'must be object')];
  const restricted = Object.keys(metadata.properties ?? {}).filter(
    (name) => name !== 'name' && name !== 'generateName',
  );
  const other = Object.keys(metadata).filter((key) => !['type', 'properties', 'description'].includes(key));
  if (restricted.length === 0 && other.length === 0) return [];
  return [
    forbidden(
      at,
      'must not specify anything other than name and generateName, but metadata is implicitly specified',
    ),
  ];
}

/** What a node within allOf, anyOf, oneOf or not may not say, as it would say it of some values only. */
const onlyOutside = [
  'description',
  'type',
  'default',
  'title',
  'nullable',
  'additionalProperties',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
] as const;

interface Inner {
  /** The node that the junctor is of: it has to know every field that is spoken of inside. */
  readonly within: JsonSchema;
  readonly path: string;
  readonly depth: number;
}

function junctorProblems(schema: JsonSchema, { within, path, depth }: Inner): FieldProblem[] {
  if (depth > deepest) return [forbidden(path, `schemas may not nest deeper than ${deepest} levels`)];
  const intOrString = within['x-kubernetes-int-or-string'] === true;
  const problems = onlyOutside
    .filter((field) => isSet(schema[field]) && !(field === 'type' && intOrString))
    .map((field) => forbidden(`${path}.${field}`, 'must be empty to be structural'));
  problems.push(...unsupportedProblems(schema, path), ...valueRuleProblems(schema, path));
  const inner = { depth: depth + 1 };
  for (const [name, one] of Object.entries(schema.properties ?? {})) {
    const known = within.properties?.[name] ?? additionalOf(within);
    if (known === undefined)
      problems.push(
        required(
          `${pathOutside(path)}.properties[${name}]`,
          `because it is defined in ${path}.properties[${name}]`,
        ),
      );
    else
      problems.push(
        ...junctorProblems(one, { ...inner, within: known, path: `${path}.properties[${name}]` }),
      );
  }
  if (schema.items !== undefined) {
    if (within.items === undefined)
      problems.push(required(`${pathOutside(path)}.items`, `because it is defined in ${path}.items`));
    else
      problems.push(
        ...junctorProblems(schema.items, { ...inner, within: within.items, path: `${path}.items` }),
      );
  }
  for (const [name, one] of junctorsOf(schema))
    problems.push(...junctorProblems(one, { ...inner, within, path: `${path}.${name}` }));
  return problems;
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== '' && value !== false;
}

/** The path of the node that a path inside its junctors belongs to. */
function pathOutside(path: string): string {
  return path.replaceAll(/\.(allOf|anyOf|oneOf)\[\d+\]|\.not(?=\.|$)/g, '');
}
