import assert from 'node:assert/strict';
import test from 'node:test';
import { arrayAt, textAt } from '../json.ts';
import { createTestApi, type Answer, type TestApi } from '../testing/test-api.ts';
import { define, widget, widgetDefinition, widgets, withSpec } from '../testing/widgets.ts';
import type { JsonSchema, ValidationRule } from './json-schema.ts';

const text: JsonSchema = { type: 'string', maxLength: 20 };

/** An API in which the spec of Widgets has these rules. */
async function withRules(
  rules: readonly ValidationRule[],
  properties: Readonly<Record<string, JsonSchema>>,
): Promise<TestApi> {
  const api = createTestApi();
  const schema = withSpec(properties, { 'x-kubernetes-validations': rules });
  const { status, body } = await define(api, widgetDefinition(schema));
  assert.ok(status < 300, JSON.stringify(body));
  return api;
}

function causesOf({ body }: Answer): string[] {
  return arrayAt(body, ['details', 'causes']).map(
    (it) => `${textAt(it, ['field'])}: ${textAt(it, ['message'])}`,
  );
}

function put(api: TestApi, name: string, spec: unknown): Promise<Answer> {
  return api.call('PATCH', `${widgets}/${name}?fieldManager=test&force=true`, {
    body: widget(name, spec),
    headers: { 'content-type': 'application/apply-patch+yaml' },
  });
}

/** What a server says of a definition with one rule over its spec. */
async function refusal(
  rule: ValidationRule,
  properties: Readonly<Record<string, JsonSchema>>,
): Promise<string[]> {
  const schema = withSpec(properties, { 'x-kubernetes-validations': [rule] });
  const answer = await define(createTestApi(), widgetDefinition(schema));
  assert.equal(answer.status, 422);
  return causesOf(answer);
}

test('a broken rule is told by its message, its expression, its reason and its field', async () => {
  const api = await withRules(
    [
      { rule: "self.a != 'x'", message: 'a must not be x' },
      { rule: "self.a != 'y'" },
      {
        rule: "self.a != 'z'",
        messageExpression: "'got ' + self.a",
        reason: 'FieldValueForbidden',
        fieldPath: '.a',
      },
      { rule: "self.a != 'q'", messageExpression: "'two\\nlines'", message: 'instead' },
      { rule: '1 / self.n == 1', message: 'n must be 1' },
    ],
    { a: text, n: { type: 'integer', default: 1 } },
  );
  assert.deepEqual(causesOf(await put(api, 'a', { a: 'x' })), ['spec: Invalid value: a must not be x']);
  assert.deepEqual(causesOf(await put(api, 'a', { a: 'y' })), [
    "spec: Invalid value: failed rule: self.a != 'y'",
  ]);
  assert.deepEqual(causesOf(await put(api, 'a', { a: 'z' })), ['spec.a: Forbidden: got z']);
  assert.deepEqual(causesOf(await put(api, 'a', { a: 'q' })), ['spec: Invalid value: instead']);
  assert.deepEqual(causesOf(await put(api, 'a', { a: 'a', n: 0 })), [
    'spec: Invalid value: "object": division by zero evaluating rule: n must be 1',
  ]);
  assert.equal((await put(api, 'a', { a: 'a' })).status, 201);
});

test('rules about a change hold for changes, and with an optional old value for new objects too', async () => {
  const immutable = await withRules([{ rule: 'self.a == oldSelf.a', message: 'fixed' }], {
    a: text,
    b: text,
  });
  assert.equal((await put(immutable, 'a', { a: 'x' })).status, 201);
  assert.equal((await put(immutable, 'a', { a: 'x', b: 'y' })).status, 200);
  assert.deepEqual(causesOf(await put(immutable, 'a', { a: 'z' })), ['spec: Invalid value: fixed']);
  const rule = "oldSelf.hasValue() ? oldSelf.value().a == self.a : self.a == 'first'";
  const optional = await withRules([{ rule, optionalOldSelf: true, message: 'no' }], { a: text });
  assert.equal((await put(optional, 'a', { a: 'other' })).status, 422);
  assert.equal((await put(optional, 'a', { a: 'first' })).status, 201);
});

test('what did not change may break a rule that came later', async () => {
  const api = await withRules([], { a: text, b: text });
  await put(api, 'a', { a: 'bad' });
  const rule = { rule: "self != 'bad'", message: 'bad is bad' };
  const strict = { ...text, 'x-kubernetes-validations': [rule] };
  await define(api, widgetDefinition(withSpec({ a: strict, b: strict })));
  assert.equal((await put(api, 'a', { a: 'bad', b: 'good' })).status, 200);
  assert.deepEqual(causesOf(await put(api, 'a', { a: 'bad', b: 'bad' })), [
    'spec.b: Invalid value: "bad": bad is bad',
  ]);
});

test('items of a list that is a map keep who they were, wherever they stand', async () => {
  const items = {
    type: 'object',
    required: ['name'],
    properties: { name: text, v: text },
    'x-kubernetes-validations': [{ rule: 'self.v == oldSelf.v', message: 'v is fixed' }],
  };
  const list = {
    type: 'array',
    maxItems: 5,
    items,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
  };
  const api = await withRules([], { list });
  const one = { name: 'one', v: '1' };
  await put(api, 'a', { list: [one, { name: 'two', v: '2' }] });
  assert.equal(
    (await put(api, 'a', { list: [{ name: 'two', v: '2' }, one, { name: 'new', v: '3' }] })).status,
    200,
  );
  const answer = await put(api, 'a', { list: [one, { name: 'two', v: '9' }, { name: 'new', v: '3' }] });
  assert.deepEqual(causesOf(answer), ['spec.list[1]: Invalid value: v is fixed']);
});

test('rules see names, formats and escaped fields as upstream has them', async () => {
  const api = createTestApi();
  const schema: JsonSchema = {
    type: 'object',
    'x-kubernetes-validations': [
      { rule: "self.metadata.name.startsWith('w-')", message: 'name' },
      { rule: "self.kind == 'Widget'", message: 'kind' },
      {
        rule: "self.spec.x__dash__y == 'a' && self.spec.namespace == 'n' && self.spec.__namespace__ == 'n'",
        message: 'escaped',
      },
      {
        rule: "self.spec.when < timestamp('2030-01-01T00:00:00Z') && self.spec.span == duration('90s')",
        message: 'time',
      },
      {
        rule: "self.spec.blob == b'hi' && (self.spec.either == 3 || self.spec.either == 'x')",
        message: 'rest',
      },
    ],
    properties: {
      spec: {
        type: 'object',
        properties: {
          'x-y': text,
          namespace: text,
          when: { type: 'string', format: 'date-time' },
          span: { type: 'string', format: 'duration' },
          blob: { type: 'string', format: 'byte' },
          either: { 'x-kubernetes-int-or-string': true },
        },
      },
    },
  };
  assert.equal((await define(api, widgetDefinition(schema))).status, 201);
  const spec = {
    'x-y': 'a',
    namespace: 'n',
    when: '2024-01-01T00:00:00Z',
    span: '1m30s',
    blob: 'aGk=',
    either: 3,
  };
  assert.equal((await put(api, 'w-a', spec)).status, 201);
  assert.equal((await put(api, 'w-b', { ...spec, either: 'x' })).status, 201);
  assert.deepEqual(causesOf(await put(api, 'a', spec)), ['<nil>: Invalid value: name']);
});

test('a definition whose rules cannot be right is refused with the place', async () => {
  assert.deepEqual(await refusal({ rule: 'self.nosuch' }, { a: text }), [
    'spec.versions[0].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: Invalid value: "self.nosuch": ' +
      "compilation failed: ERROR: <input>:1:5: undefined field 'nosuch'\n | self.nosuch\n | ....^",
  ]);
  const [notText = ''] = await refusal({ rule: 'true', messageExpression: '1' }, { a: text });
  assert.match(
    notText,
    /messageExpression: Invalid value: "1": messageExpression must evaluate to a string$/,
  );
  const [field = ''] = await refusal({ rule: 'true', fieldPath: '.b' }, { a: text });
  assert.match(field, /fieldPath: Invalid value: ".b": must be a valid path$/);
  const list = {
    type: 'array',
    maxItems: 5,
    items: { ...text, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] },
  };
  const [old = ''] = await refusal({ rule: 'true' }, { list });
  assert.match(
    old,
    /oldSelf cannot be used on the uncorrelatable portion of the schema within .*properties\[list\]$/,
  );
});

test('a rule that could explode is refused, and let in when its values are limited', async () => {
  const rule = { rule: 'self.l.all(a, self.l.all(b, self.l.all(c, a == b)))' };
  const [first = ''] = await refusal(rule, { l: { type: 'array', items: { type: 'string' } } });
  assert.match(first, /estimated rule cost exceeds budget by factor of more than 100x/);
  await withRules([rule], { l: { type: 'array', maxItems: 10, items: text } });
});

test('an object on which a rule costs too much is refused, and no further rules are run', async () => {
  const rule = 'self.l.all(a, self.l.all(b, self.l.all(c, a != b || b != c || a == c)))';
  const api = await withRules([{ rule }, { rule: "self.l[0] == 'never'", message: 'not reached' }], {
    l: { type: 'array', maxItems: 80, items: { type: 'string', maxLength: 1 } },
  });
  const causes = causesOf(await put(api, 'a', { l: Array.from({ length: 80 }, () => 'x') }));
  assert.equal(causes.length, 1);
  assert.match(
    causes.join(),
    /call cost exceeds limit for rule: .*, no further validation rules will be run/,
  );
});
