import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import test from 'node:test';
import * as fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { resources, apiVersionOf } from '../resources.ts';
import { problemsOf } from './test-cases.ts';
import { validateObject } from './validate.ts';

test('an EndpointSlice has addresses of its type', () => {
  const slice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'a' } };
  const endpoints = [
    { addresses: ['10.0.0.1'] },
    { addresses: ['fd00::1'] },
    { addresses: [] },
    { addresses: ['::1'] },
  ];
  assert.deepEqual(problemsOf({ ...slice, endpoints }), ['addressType FieldValueRequired: Required value']);
  assert.deepEqual(problemsOf({ ...slice, addressType: 'IPv6', endpoints, ports: [{ port: 0 }, {}] }), [
    'endpoints[0].addresses FieldValueInvalid: Invalid value: "10.0.0.1": must be an IPv6 address',
    'endpoints[2].addresses FieldValueRequired: Required value: must contain at least 1 address',
    'endpoints[3].addresses[0] FieldValueInvalid: Invalid value: "::1": may not be loopback',
    'ports[1].name FieldValueDuplicate: Duplicate value: ""',
  ]);
});

test('metadata is checked for every kind', () => {
  const widget = { apiVersion: 'example.com/v1', kind: 'Widget' };
  assert.deepEqual(problemsOf({ ...widget, metadata: { name: 'Any:Name' }, spec: { x: [null] } }), []);
  assert.deepEqual(problemsOf({ ...widget, metadata: {} }), [
    'metadata.name FieldValueRequired: Required value: name or generateName is required',
  ]);
  assert.deepEqual(problemsOf({ ...widget, metadata: { generateName: 'a-' } }), []);
  assert.deepEqual(problemsOf({ ...widget, metadata: { name: 'a', labels: { a: 1 } } }), [
    'metadata.labels[a] FieldValueTypeInvalid: Invalid value: 1: must be a string',
  ]);
  assert.deepEqual(
    problemsOf({ ...widget, metadata: { name: 'a/b', namespace: 'A', labels: { '-': '-' } } }),
    [
      "metadata.name FieldValueInvalid: Invalid value: \"a/b\": may not contain '/' or '%'",
      'metadata.namespace FieldValueInvalid: Invalid value: "A": must be lower-case letters, digits and inner \'-\' (a DNS label, RFC 1123)',
      "metadata.labels FieldValueInvalid: Invalid value: \"-\": name part must be letters, digits, '-', '_' and '.', and start and end with a letter or digit",
      "metadata.labels FieldValueInvalid: Invalid value: \"-\": must be empty or letters, digits, '-', '_' and '.', and start and end with a letter or digit",
    ],
  );
});

test('an unknown field is named with the one probably meant', () => {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'a' },
    spec: { ports: [{ prot: 80, port: 80 }], slector: {} },
  };
  assert.deepEqual(validateObject(service), [
    {
      path: 'spec.ports[0].prot',
      reason: 'UnknownField',
      message: 'unknown field "spec.ports[0].prot"',
      suggestion: 'port',
    },
    {
      path: 'spec.slector',
      reason: 'UnknownField',
      message: 'unknown field "spec.slector"',
      suggestion: 'selector',
    },
  ]);
});

test('a status may be half filled, for its writers fill it step by step', () => {
  const status = { conditions: [{ type: 'Ready' }], containerStatuses: [{}] };
  const spec = { containers: [{ name: 'c' }] };
  assert.deepEqual(problemsOf({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec, status }), []);
});

test('wrong types are told apart', () => {
  const pod = (spec: unknown): string[] =>
    problemsOf({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec });
  assert.deepEqual(pod([]), ['spec FieldValueTypeInvalid: Invalid value: []: must be an object']);
  assert.deepEqual(pod({ containers: {} }), [
    'spec.containers FieldValueTypeInvalid: Invalid value: {}: must be a list',
  ]);
  const container = {
    name: 1,
    stdin: 'yes',
    resources: { limits: { cpu: '1x', memory: '64Mi' } },
    ports: [{ containerPort: 1.5 }],
  };
  assert.deepEqual(pod({ containers: [container] }), [
    'spec.containers[0].name FieldValueTypeInvalid: Invalid value: 1: must be a string',
    'spec.containers[0].stdin FieldValueTypeInvalid: Invalid value: "yes": must be true or false',
    'spec.containers[0].resources.limits[cpu] FieldValueTypeInvalid: Invalid value: "1x": must be a quantity such as 100m or 64Mi',
    'spec.containers[0].ports[0].containerPort FieldValueTypeInvalid: Invalid value: 1.5: must be an integer',
  ]);
  for (const nothing of [null, undefined, 1, 'a', []]) assert.equal(validateObject(nothing).length, 1);
  assert.deepEqual(problemsOf({}), [
    'apiVersion FieldValueRequired: Required value',
    'kind FieldValueRequired: Required value',
  ]);
});

test('an object that nests too deep is refused', () => {
  let value: unknown = 1;
  for (let i = 0; i < 100_000; i++) value = [value];
  const problems = validateObject({
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'a' },
    spec: value,
  });
  assert.equal(problems.length, 1);
  assert.match(problems[0]?.message ?? '', /nested at most/);
});

const boutique = new URL('../../../../shared/manifests/', import.meta.url);
const skip = existsSync(boutique) ? false : 'the manifests in ../shared are absent';
test('manifests of real projects are valid', { skip }, () => {
  const files = globSync('**/*.yaml', { cwd: boutique });
  let count = 0;
  for (const file of files) {
    for (const document of parseAllDocuments(readFileSync(new URL(file, boutique), 'utf8'))) {
      const object: unknown = document.toJS();
      if (object === null) continue;
      assert.deepEqual(problemsOf(object), [], file);
      count++;
    }
  }
  assert.ok(count > 60, String(count));
});

test('no JSON makes the validator throw', () => {
  const kinds = [...Object.values(resources).map((one) => [apiVersionOf(one), one.kind]), ['a/v1', 'X']];
  const words = [
    'spec',
    'ports',
    'port',
    'metadata',
    'labels',
    'name',
    'template',
    'containers',
    'selector',
    'ingress',
    'from',
  ];
  const more = [
    'ipBlock',
    'cidr',
    'egress',
    'to',
    'except',
    'endpoints',
    'addresses',
    'subsets',
    'status',
    '__proto__',
    'matchLabels',
  ];
  const key = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...words, ...more) }, fc.string());
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 8, withCrossShrink: true },
      fc.oneof(
        fc.constantFrom(null, true, 0, -1, 80, 'a', '10.0.0.0/8', 'None', ''),
        fc.double(),
        fc.string(),
      ),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.dictionary(key, tie('json'), { maxKeys: 5 }),
    ),
  }));
  const object = fc
    .tuple(fc.constantFrom(...kinds), fc.dictionary(key, json), json, json)
    .map(([[apiVersion, kind], rest, metadata, spec]) => ({ ...rest, apiVersion, kind, metadata, spec }));
  fc.assert(
    fc.property(fc.oneof(object, json), (value) => {
      for (const problem of validateObject(value))
        assert.ok(problem.message.length < 1000 && problem.path.length < 10_000);
    }),
    { numRuns: 2000 },
  );
});
