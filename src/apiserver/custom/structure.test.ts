import assert from 'node:assert/strict';
import test from 'node:test';
import { arrayAt, textAt } from '../json.ts';
import { createTestApi } from '../testing/test-api.ts';
import { define, widgetDefinition } from '../testing/widgets.ts';
import type { JsonSchema } from './json-schema.ts';

/** What a server says of a definition: each cause as `FIELD: MESSAGE`, with `$` for the schema of the version. */
async function refusal(definition: object): Promise<string[]> {
  const { status, body } = await define(createTestApi(), definition);
  assert.equal(status, 422, JSON.stringify(body));
  return arrayAt(body, ['details', 'causes']).map((it) =>
    `${textAt(it, ['field'])}: ${textAt(it, ['message'])}`.replaceAll(
      'spec.versions[0].schema.openAPIV3Schema',
      '$',
    ),
  );
}

const schemaRefusal = (properties: Readonly<Record<string, JsonSchema>>): Promise<string[]> =>
  refusal(widgetDefinition({ type: 'object', properties }));

const list = (items: JsonSchema, more: JsonSchema): JsonSchema => ({ type: 'array', items, ...more });
const text: JsonSchema = { type: 'string' };

/** A field's schema, and what is wrong with it. */
const cases: Readonly<Record<string, readonly [JsonSchema, ...string[]]>> = {
  'without a type': [{}, '.type: Required value: must not be empty for specified object fields'],
  'of no type there is': [
    { type: 'wrong' },
    '.type: Unsupported value: "wrong": supported values: "array", "boolean", "integer", "number", "object", "string"',
  ],
  'a list of anything': [{ type: 'array' }, '.items: Required value: must be specified'],
  'fields and a map at once': [
    { type: 'object', properties: { x: text }, additionalProperties: text },
    '.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive',
  ],
  'unique items': [
    list(text, { uniqueItems: true }),
    '.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
  ],
  'a reference': [{ ...text, $ref: '#/x' }, '.$ref: Forbidden: $ref is not supported'],
  'a field that is known only in some cases': [
    { type: 'object', anyOf: [{ properties: { q: { minLength: 1 } } }] },
    '.properties[q]: Required value: because it is defined in $.properties[a].anyOf[0].properties[q]',
  ],
  'a type in some cases': [
    { type: 'object', oneOf: [{ type: 'object' }] },
    '.oneOf[0].type: Forbidden: must be empty to be structural',
  ],
  'a default that its schema refuses': [
    { type: 'integer', default: 'x' },
    '.default: Invalid value: "string": <root> in body must be of type integer: "string"',
  ],
  'a default with a field too many': [
    { type: 'object', properties: { r: text }, default: { z: 1 } },
    '.default: Invalid value: {"z":1}: must not have unknown fields',
  ],
  'a pattern that is none': [
    { ...text, pattern: '(' },
    '.pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: error parsing regexp: missing closing ): `(`',
  ],
  'a list that is a map without keys': [
    list({ type: 'object' }, { 'x-kubernetes-list-type': 'map' }),
    '.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map',
  ],
  'a key that may be missing': [
    list(
      { type: 'object', properties: { k: text } },
      { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] },
    ),
    '.items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
  ],
  'a set of what has parts': [
    list({ type: 'object', properties: { k: text } }, { 'x-kubernetes-list-type': 'set' }),
    '.items.x-kubernetes-map-type: Invalid value: "": must be atomic as item of a list with x-kubernetes-list-type=set',
  ],
  'a set that is no list': [
    { type: 'object', 'x-kubernetes-list-type': 'set' },
    '.type: Invalid value: "object": must be array if x-kubernetes-list-type is specified',
  ],
  'fields that are not preserved': [
    { type: 'object', 'x-kubernetes-preserve-unknown-fields': false },
    '.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined',
  ],
  'an embedded resource of nothing': [
    { type: 'object', 'x-kubernetes-embedded-resource': true },
    '.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
  ],
};

test('a schema that is not structural is refused, naming the place', async () => {
  for (const [what, [schema, ...problems]] of Object.entries(cases)) {
    assert.deepEqual(
      await schemaRefusal({ a: schema }),
      problems.map((problem) => `$.properties[a]${problem}`),
      what,
    );
  }
});

test('the forms in which a number or a text is written are structural', async () => {
  const numbers = [{ type: 'integer' }, { type: 'string' }];
  const properties: Record<string, JsonSchema> = {
    a: { 'x-kubernetes-int-or-string': true, anyOf: numbers },
    b: { 'x-kubernetes-int-or-string': true, allOf: [{ anyOf: numbers }, { pattern: '^[0-9]+$' }] },
  };
  const { status } = await define(createTestApi(), widgetDefinition({ type: 'object', properties }));
  assert.equal(status, 201);
});

test('the metadata of an object is restricted by name only', async () => {
  const labels = { metadata: { type: 'object', properties: { labels: { type: 'object' } } } };
  assert.match(
    (await schemaRefusal(labels)).join(),
    /must not specify anything other than name and generateName/,
  );
  const name = { metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 5 } } } };
  const { status } = await define(createTestApi(), widgetDefinition({ type: 'object', properties: name }));
  assert.equal(status, 201);
});

test('schemas that nest without end are refused', async () => {
  let schema: JsonSchema = text;
  for (let depth = 0; depth < 45; depth++) schema = { type: 'array', items: schema };
  assert.equal(
    (await define(createTestApi(), widgetDefinition({ type: 'object', properties: { a: schema } }))).status,
    201,
  );
  for (let depth = 0; depth < 10; depth++) schema = { type: 'array', items: schema };
  assert.match((await schemaRefusal({ a: schema })).join(), /may not nest deeper than 50 levels/);
  for (let depth = 0; depth < 100; depth++) schema = { type: 'array', items: schema };
  const { status } = await define(
    createTestApi(),
    widgetDefinition({ type: 'object', properties: { a: schema } }),
  );
  assert.equal(status, 400);
});

test('names, versions, columns and paths of a definition are checked', async () => {
  const any: JsonSchema = { type: 'object' };
  const problems = await refusal(
    widgetDefinition(any, {
      names: { kind: 'Not_a_kind', singular: 'widget', listKind: 'WidgetList', shortNames: ['A_b'] },
      spec: { scope: 'Cluster', conversion: { strategy: 'Webhook' } },
      version: {
        subresources: { scale: { specReplicasPath: 'x', statusReplicasPath: '.foo' } },
        additionalPrinterColumns: [{ name: '', type: 'foo', jsonPath: 'spec' }],
        selectableFields: [{ jsonPath: '.spec.x' }],
      },
    }),
  );
  const fields = problems.map((problem) => problem.split(': ')[0]);
  assert.deepEqual(fields, [
    'spec.names.kind',
    'spec.names.shortNames[0]',
    'spec.conversion.strategy',
    'spec.versions[0].subresources.scale.specReplicasPath',
    'spec.versions[0].subresources.scale.statusReplicasPath',
    'spec.versions[0].additionalPrinterColumns[0].name',
    'spec.versions[0].additionalPrinterColumns[0].type',
    'spec.versions[0].additionalPrinterColumns[0].jsonPath',
    'spec.versions[0].selectableFields[0].jsonPath',
  ]);
  assert.match(problems.join(), /this server calls no webhooks/);
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: any } };
  const twice = await refusal(widgetDefinition(any, { spec: { versions: [version, version] } }));
  assert.match(
    twice.join(),
    /Duplicate value: "v1".*must have exactly one version marked as storage version/,
  );
});

test('groups of the Kubernetes project need an approval, and a group is not changed', async () => {
  const spec = { group: 'example.k8s.io' };
  const definition = widgetDefinition({ type: 'object' }, { spec }) as { metadata: { name: string } };
  definition.metadata.name = 'widgets.example.k8s.io';
  assert.match((await refusal(definition)).join(), /api-approved\.kubernetes\.io\]: Required value/);
  const api = createTestApi();
  await define(api, widgetDefinition({ type: 'object' }));
  const changed = await define(api, widgetDefinition({ type: 'object' }, { spec: { scope: 'Cluster' } }));
  assert.match(textAt(changed.body, ['message']), /spec.scope: Invalid value: "Cluster": field is immutable/);
});
