import assert from 'node:assert/strict';
import test from 'node:test';
import { arrayAt, textAt, valueAt } from '../json.ts';
import { createTestApi } from '../testing/test-api.ts';
import { define, widget, widgetDefinition, widgets, withSpec } from '../testing/widgets.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const any = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } as const;

test('a definition is established, and its objects are served at once', async () => {
  const api = createTestApi();
  assert.equal((await api.call('GET', widgets)).status, 404);
  await define(api, widgetDefinition(any, { names: { shortNames: ['wd'], categories: ['all'] } }));
  const { body } = await api.call('GET', `${definitions}/widgets.example.com`);
  assert.deepEqual(
    arrayAt(body, ['status', 'conditions']).map((it) => `${textAt(it, ['type'])} ${textAt(it, ['status'])}`),
    ['NamesAccepted True', 'Established True'],
  );
  assert.deepEqual(valueAt(body, ['status', 'storedVersions']), ['v1']);
  assert.deepEqual(valueAt(body, ['status', 'acceptedNames']), {
    plural: 'widgets',
    singular: 'widget',
    kind: 'Widget',
    listKind: 'WidgetList',
    shortNames: ['wd'],
    categories: ['all'],
  });
  assert.equal((await api.call('POST', widgets, { body: widget('a', { x: 1 }) })).status, 201);
  const list = await api.call('GET', widgets);
  assert.equal(list.body['kind'], 'WidgetList');
  assert.equal(arrayAt(list.body, ['items']).length, 1);
  const discovered = await api.call('GET', '/apis/example.com/v1');
  assert.deepEqual(
    valueAt(discovered.body, ['resources', '0', 'name']) ?? arrayAt(discovered.body, ['resources'])[0],
    {
      name: 'widgets',
      singularName: 'widget',
      namespaced: true,
      kind: 'Widget',
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      shortNames: ['wd'],
      categories: ['all'],
    },
  );
});

test('a name that another definition has is refused in the status, until it is free', async () => {
  const api = createTestApi();
  await define(api, widgetDefinition(any));
  await define(
    api,
    widgetDefinition(any, { plural: 'gadgets', names: { singular: 'gadget', kind: 'Widget' } }),
  );
  const conditions = async (): Promise<string[]> =>
    arrayAt((await api.call('GET', `${definitions}/gadgets.example.com`)).body, ['status', 'conditions']).map(
      (it) => `${textAt(it, ['type'])} ${textAt(it, ['status'])} ${textAt(it, ['message'])}`,
    );
  assert.deepEqual(await conditions(), [
    'NamesAccepted False "Widget" is already in use',
    'Established False not all names are accepted',
  ]);
  assert.equal((await api.call('GET', '/apis/example.com/v1/gadgets')).status, 404);
  await api.call('DELETE', `${definitions}/widgets.example.com`);
  assert.deepEqual(await conditions(), [
    'NamesAccepted True no conflicts found',
    'Established True the initial names have been accepted',
  ]);
  assert.equal((await api.call('GET', '/apis/example.com/v1/gadgets')).status, 200);
});

test('fields that the schema does not have are dropped, and named to who asks', async () => {
  const api = createTestApi();
  const schema = withSpec({
    known: { type: 'string' },
    free: any,
    map: { type: 'object', additionalProperties: { type: 'string' } },
  });
  await define(api, widgetDefinition(schema));
  const body = widget('a', { known: 'x', other: 1, free: { y: 1 }, map: { z: 'q' } });
  const created = await api.call('POST', widgets, { body });
  assert.deepEqual(created.body['spec'], { known: 'x', free: { y: 1 }, map: { z: 'q' } });
  assert.match(created.headers['warning'] ?? '', /unknown field \\"spec.other\\"/);
  const strict = await api.call('POST', `${widgets}?fieldValidation=Strict`, { body });
  assert.equal(strict.status, 400);
});

test('who asks for a deprecated version is told so, and what to use instead; who asks for another is not', async () => {
  const api = createTestApi();
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: any } };
  const deprecated = { ...version, storage: false, deprecated: true };
  const versions = [
    version,
    { ...deprecated, name: 'v1beta1' },
    { ...deprecated, name: 'v1alpha1', deprecationWarning: 'it "ends" soon' },
  ];
  await define(api, widgetDefinition(any, { spec: { versions } }));
  const warningOf = async (path: string, method = 'GET'): Promise<string | undefined> =>
    (await api.call(method, widgets.replace('/v1/', path))).headers['warning'];
  assert.equal(await warningOf('/v1/'), undefined);
  const instead = '299 - "example.com/v1beta1 Widget is deprecated; use example.com/v1 Widget"';
  assert.equal(await warningOf('/v1beta1/'), instead);
  assert.equal(await warningOf('/v1beta1/', 'DELETE'), instead);
  assert.equal(await warningOf('/v1alpha1/'), String.raw`299 - "it \"ends\" soon"`);
});

test('defaults come where nothing is, also inside defaults; a null counts as nothing where none may be', async () => {
  const api = createTestApi();
  const schema = withSpec({
    port: { type: 'integer', default: 80 },
    mode: { type: 'string', nullable: true, default: 'fast' },
    nested: { type: 'object', default: {}, properties: { size: { type: 'integer', default: 3 } } },
    list: {
      type: 'array',
      items: { type: 'object', properties: { on: { type: 'boolean', default: true } } },
    },
  });
  await define(api, widgetDefinition(schema));
  const spec = async (given: object): Promise<unknown> =>
    (await api.call('POST', `${widgets}?dryRun=All`, { body: widget('a', given) })).body['spec'];
  assert.deepEqual(await spec({}), { port: 80, mode: 'fast', nested: { size: 3 } });
  assert.deepEqual(await spec({ port: null, mode: null, nested: { size: 1 }, list: [{}] }), {
    port: 80,
    mode: null,
    nested: { size: 1 },
    list: [{ on: true }],
  });
});

test('values that break the schema are named with their field, in the words of upstream', async () => {
  const api = createTestApi();
  const schema = withSpec(
    {
      port: { type: 'integer', minimum: 1, maximum: 9 },
      name: { type: 'string', maxLength: 3, pattern: '^[a-z]+$' },
      mode: { type: 'string', enum: ['a', 'b'] },
      either: { 'x-kubernetes-int-or-string': true },
      set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
      when: { type: 'string', format: 'date-time' },
      embedded: { ...any, 'x-kubernetes-embedded-resource': true },
    },
    { required: ['needed'] },
  );
  await define(api, widgetDefinition(schema));
  const { status, body } = await api.call('POST', widgets, {
    body: widget('a', {
      port: 0,
      name: 'A',
      mode: 'c',
      either: true,
      set: ['x', 'x'],
      when: 'noon',
      embedded: { kind: 'X' },
    }),
  });
  assert.equal(status, 422);
  assert.deepEqual(
    arrayAt(body, ['details', 'causes']).map((it) => `${textAt(it, ['field'])}: ${textAt(it, ['message'])}`),
    [
      'spec.needed: Required value',
      'spec.port: Invalid value: 0: spec.port in body should be greater than or equal to 1',
      'spec.name: Invalid value: "A": spec.name in body should match \'^[a-z]+$\'',
      'spec.mode: Unsupported value: "c": supported values: "a", "b"',
      'spec.either: Invalid value: "boolean": spec.either in body must be of type integer,string: "boolean"',
      'spec.set[1]: Duplicate value: "x"',
      'spec.when: Invalid value: "noon": spec.when in body must be of type date-time: "noon"',
      'spec.embedded.apiVersion: Required value',
    ],
  );
});

test('what was there before a schema became stricter may stay, and only that', async () => {
  const api = createTestApi();
  await define(api, widgetDefinition(withSpec({ a: { type: 'string' }, b: { type: 'string' } })));
  await api.call('POST', widgets, { body: widget('a', { a: 'long', b: 'long' }) });
  const strict = { type: 'string', maxLength: 2 };
  await define(api, widgetDefinition(withSpec({ a: strict, b: strict })));
  const patch = (spec: object): Promise<{ status: number }> =>
    api.call('PATCH', `${widgets}/a`, {
      body: { spec },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
  assert.equal((await patch({ b: 'ok' })).status, 200);
  assert.equal((await patch({ a: 'longer' })).status, 422);
});

test('versions show each other’s objects, each with its own fields and defaults', async () => {
  const api = createTestApi();
  const version = (name: string, storage: boolean, properties: object): object => ({
    name,
    storage,
    served: true,
    schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } } },
  });
  const versions = [
    version('v1', true, { both: { type: 'string' }, old: { type: 'string' } }),
    version('v2', false, { both: { type: 'string' }, fresh: { type: 'string', default: 'new' } }),
  ];
  await define(api, widgetDefinition({}, { spec: { versions } }));
  await api.call('POST', widgets, { body: widget('a', { both: 'x', old: 'y' }) });
  const second = '/apis/example.com/v2/namespaces/default/widgets';
  const { body } = await api.call('GET', `${second}/a`);
  assert.equal(body['apiVersion'], 'example.com/v2');
  assert.deepEqual(body['spec'], { both: 'x', fresh: 'new' });
  assert.deepEqual((await api.call('GET', `${widgets}/a`)).body['spec'], { both: 'x', old: 'y' });
  const group = await api.call('GET', '/apis/example.com');
  assert.equal(textAt(group.body, ['preferredVersion', 'version']), 'v2');
  const watch = await api.watch(`${second}?watch=true`);
  await api.call('PATCH', `${widgets}/a`, {
    body: { spec: { both: 'z' } },
    headers: { 'content-type': 'application/merge-patch+json' },
  });
  assert.deepEqual(
    watch.lines.map((line) => [
      line['type'],
      textAt(line, ['object', 'apiVersion']),
      textAt(line, ['object', 'spec', 'both']),
    ]),
    [
      ['ADDED', 'example.com/v2', 'x'],
      ['MODIFIED', 'example.com/v2', 'z'],
    ],
  );
  watch.stop();
});

test('a change of the definition takes effect at once, and ends the watches of before', async () => {
  const api = createTestApi();
  await define(api, widgetDefinition(withSpec({ a: { type: 'string' } })));
  await api.call('POST', widgets, { body: widget('a', { a: 'x' }) });
  const watch = await api.watch(`${widgets}?watch=true`);
  assert.equal(watch.ended(), false);
  await define(
    api,
    widgetDefinition(withSpec({ a: { type: 'string' }, b: { type: 'string', default: 'y' } })),
  );
  assert.equal(watch.ended(), true);
  assert.deepEqual((await api.call('GET', `${widgets}/a`)).body['spec'], { a: 'x', b: 'y' });
  await define(api, widgetDefinition(withSpec({ a: { type: 'string' } }), { names: { shortNames: ['w'] } }));
  assert.deepEqual((await api.call('GET', `${widgets}/a`)).body['spec'], { a: 'x' });
});

test('a deleted definition takes its objects along, waits for their finalizers, and takes no new ones', async () => {
  const api = createTestApi();
  await define(api, widgetDefinition(any));
  await api.call('POST', widgets, { body: widget('free') });
  const held = { ...widget('held'), metadata: { name: 'held', finalizers: ['example.com/hold'] } };
  await api.call('POST', widgets, { body: held });
  await api.call('DELETE', `${definitions}/widgets.example.com`);
  assert.equal((await api.call('GET', `${widgets}/free`)).status, 404);
  const dying = await api.call('GET', `${definitions}/widgets.example.com`);
  assert.ok(
    arrayAt(dying.body, ['status', 'conditions']).some((it) => textAt(it, ['type']) === 'Terminating'),
  );
  const refused = await api.call('POST', widgets, { body: widget('late') });
  assert.equal(refused.status, 403);
  await api.call('PATCH', `${widgets}/held`, {
    body: { metadata: { finalizers: null } },
    headers: { 'content-type': 'application/merge-patch+json' },
  });
  assert.equal((await api.call('GET', `${definitions}/widgets.example.com`)).status, 404);
  assert.equal((await api.call('GET', widgets)).status, 404);
});

test('status and scale are written where they belong', async () => {
  const api = createTestApi();
  const subresources = {
    status: {},
    scale: {
      specReplicasPath: '.spec.size',
      statusReplicasPath: '.status.size',
      labelSelectorPath: '.status.selector',
    },
  };
  const schema = {
    type: 'object',
    properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } }, status: any },
  };
  await define(api, widgetDefinition(schema, { version: { subresources } }));
  const body = { ...widget('a', { size: 1 }), status: { size: 9 } };
  const created = await api.call('POST', widgets, { body });
  assert.equal(created.body['status'], undefined);
  const merge = { 'content-type': 'application/merge-patch+json' };
  const status = { size: 1, selector: 'a=b' };
  await api.call('PATCH', `${widgets}/a/status`, { body: { spec: { size: 5 }, status }, headers: merge });
  const scale = await api.call('GET', `${widgets}/a/scale`);
  assert.deepEqual(scale.body['spec'], { replicas: 1 });
  assert.deepEqual(scale.body['status'], { replicas: 1, selector: 'a=b' });
  await api.call('PATCH', `${widgets}/a/scale`, { body: { spec: { replicas: 4 } }, headers: merge });
  const now = await api.call('GET', `${widgets}/a`);
  assert.deepEqual(now.body['spec'], { size: 4 });
  assert.equal(valueAt(now.body, ['metadata', 'generation']), 2);
});

test('tables have the columns of the definition, and its fields can be selected by', async () => {
  const api = createTestApi();
  const schema = withSpec({ a: { type: 'string' }, n: { type: 'integer' }, when: { type: 'string' } });
  const version = {
    additionalPrinterColumns: [
      { name: 'A', type: 'string', jsonPath: '.spec.a' },
      { name: 'N', type: 'integer', jsonPath: '.spec.n', priority: 2 },
      { name: 'When', type: 'date', jsonPath: '.spec.when' },
    ],
    selectableFields: [{ jsonPath: '.spec.a' }],
  };
  await define(api, widgetDefinition(schema, { version }));
  await api.call('POST', widgets, { body: widget('a', { a: 'x', when: 'never' }) });
  await api.call('POST', widgets, { body: widget('b', { a: 'y', n: 4 }) });
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const { body } = await api.call('GET', widgets, { headers: { accept } });
  assert.deepEqual(
    arrayAt(body, ['columnDefinitions']).map((it) => [textAt(it, ['name']), valueAt(it, ['priority'])]),
    [
      ['Name', 0],
      ['A', 0],
      ['N', 2],
      ['When', 0],
    ],
  );
  assert.deepEqual(
    arrayAt(body, ['rows']).map((row) => valueAt(row, ['cells'])),
    [
      ['a', 'x', null, '<invalid>'],
      ['b', 'y', 4, null],
    ],
  );
  const selected = await api.call('GET', `${widgets}?fieldSelector=spec.a%3Dy`);
  assert.deepEqual(
    arrayAt(selected.body, ['items']).map((it) => textAt(it, ['metadata', 'name'])),
    ['b'],
  );
  assert.equal((await api.call('GET', `${widgets}?fieldSelector=spec.n%3D4`)).status, 400);
});

test('server-side apply merges lists by the keys of the schema', async () => {
  const api = createTestApi();
  const items = {
    type: 'object',
    required: ['name'],
    properties: {
      name: { type: 'string' },
      proto: { type: 'string', default: 'TCP' },
      n: { type: 'integer' },
    },
  };
  const list = {
    type: 'array',
    items,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name', 'proto'],
  };
  await define(api, widgetDefinition(withSpec({ list })));
  const apply = (manager: string, spec: object): Promise<{ status: number; body: Record<string, unknown> }> =>
    api.call('PATCH', `${widgets}/a?fieldManager=${manager}`, {
      body: widget('a', spec),
      headers: { 'content-type': 'application/apply-patch+yaml' },
    });
  await apply('one', { list: [{ name: 'x', n: 1 }] });
  await apply('two', { list: [{ name: 'y', n: 2 }] });
  const { body } = await apply('two', { list: [{ name: 'y', n: 3 }] });
  assert.deepEqual(valueAt(body, ['spec', 'list']), [
    { name: 'x', n: 1, proto: 'TCP' },
    { name: 'y', n: 3, proto: 'TCP' },
  ]);
  assert.equal((await apply('two', { list: [{ name: 'x', n: 2 }] })).status, 409);
});

test('OpenAPI describes custom resources, with what every object has', async () => {
  const api = createTestApi();
  await define(api, widgetDefinition(withSpec({ a: { type: 'string', description: 'What it is.' } })));
  const { body } = await api.call('GET', '/openapi/v3/apis/example.com/v1');
  const schema = valueAt(body, ['components', 'schemas', 'com.example.v1.Widget']);
  assert.equal(textAt(schema, ['properties', 'spec', 'properties', 'a', 'description']), 'What it is.');
  assert.deepEqual(valueAt(schema, ['properties', 'metadata', 'allOf']), [
    { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
  ]);
  assert.ok(valueAt(body, ['paths', '/apis/example.com/v1/namespaces/{namespace}/widgets/{name}']));
});
