import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { createTestApi, type Answer, type TestApi } from './testing/test-api.ts';

/** The same inputs each time; others, for as long as WEFT_FUZZ_MS says and each property takes, where it is set. */
const timeLimitMs = Number(process.env['WEFT_FUZZ_MS'] ?? 0);
const settings =
  timeLimitMs > 0
    ? { numRuns: 1_000_000, interruptAfterTimeLimit: timeLimitMs, markInterruptAsFailure: false }
    : { numRuns: 1000, seed: 20_261_121 };

const services = '/api/v1/namespaces/default/services';

/** Names that an object of JavaScript has without being given them. */
const treacherous = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf'];

const key = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('metadata', 'spec', 'name', 'labels', 'ports', 'port', 'type', '$patch'),
  },
  { weight: 2, arbitrary: fc.constantFrom(...treacherous, '$retainKeys', '$setElementOrder/ports', '') },
  fc.string({ maxLength: 5, unit: 'binary' }),
);

const scalar = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 80, 65_536, 1e300, '', 'None', 'NodePort', 'delete', 'replace'),
  fc.string({ maxLength: 8, unit: 'binary' }),
  fc.integer(),
);

/** JSON that looks now and then like an object of the API. */
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    scalar,
    fc.array(tie('json'), { maxLength: 4 }),
    // As JSON.parse makes them: `__proto__` as a field like any other.
    fc.array(fc.tuple(key, tie('json')), { maxLength: 5 }).map(objectOf),
  ),
}));

function objectOf(entries: readonly (readonly [string, unknown])[]): unknown {
  const fields = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return JSON.parse(`{${fields.join(',')}}`);
}

const serviceWith = (fields: object): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'fuzzed' },
  spec: { ports: [{ name: 'http', port: 80 }] },
  ...fields,
});

/** An API with one Service, `fuzzed`. */
async function apiWithService(): Promise<TestApi> {
  const api = createTestApi({ serviceCidr: '10.96.0.0/16,fd00::/112' });
  assert.equal((await api.call('POST', services, { body: serviceWith({}) })).status, 201);
  return api;
}

/** The test API throws what is no Status; one of the 500s would be our own fault, but for a version not yet reached. */
function requireStatus({ status, body }: Answer): void {
  assert.ok(status < 500 || status === 504, `${status} ${JSON.stringify(body)}`);
  if (status >= 400) assert.equal(body['kind'], 'Status');
  for (const name of ['name', 'polluted', 'metadata', 'spec']) {
    assert.equal(Object.hasOwn(Object.prototype, name), false, `Object.prototype has ${name}`);
  }
}

/** The object is one still: whoever reads it finds its name and a list of ports. */
async function requireSound(api: TestApi): Promise<void> {
  const { status, body } = await api.call('GET', `${services}/fuzzed`);
  if (status === 404) {
    await api.call('POST', services, { body: serviceWith({}) });
    return;
  }
  assert.equal(status, 200);
  assert.equal((body['metadata'] as Record<string, unknown>)['name'], 'fuzzed');
}

test('any JSON is created, replaced or refused with a Status', async () => {
  const api = await apiWithService();
  await fc.assert(
    fc.asyncProperty(json, fc.boolean(), async (value, asSpec) => {
      const body = JSON.stringify(asSpec ? serviceWith({ spec: value }) : value);
      requireStatus(await api.call('POST', services, { body }));
      requireStatus(await api.call('PUT', `${services}/fuzzed`, { body }));
      await requireSound(api);
    }),
    settings,
  );
});

test('a port that is null is read as one in which nothing is set, and refused', async () => {
  const api = await apiWithService();
  const refusal = await api.call('PUT', `${services}/fuzzed`, {
    body: JSON.stringify(serviceWith({ spec: { ports: [null] } })),
  });
  requireStatus(refusal);
  assert.equal(refusal.status, 422);
  const patch = JSON.stringify([{ op: 'add', path: '/spec/ports/0', value: null }]);
  const headers = { 'content-type': 'application/json-patch+json' };
  const patched = await api.call('PATCH', `${services}/fuzzed`, { body: patch, headers });
  assert.equal(patched.status, 422);
});

const patchTypes = [
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

test('any merge, strategic or apply patch leaves a sound object', async () => {
  const api = await apiWithService();
  await fc.assert(
    fc.asyncProperty(json, fc.constantFrom(...patchTypes), async (value, type) => {
      const url = `${services}/fuzzed?fieldManager=fuzz&force=true`;
      requireStatus(
        await api.call('PATCH', url, { body: JSON.stringify(value), headers: { 'content-type': type } }),
      );
      await requireSound(api);
    }),
    settings,
  );
});

const pointer = fc
  .array(fc.oneof(key, fc.constantFrom('0', '-', '1')), { maxLength: 4 })
  .map((parts) => parts.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''));

const operation = fc.record(
  {
    op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'none'),
    path: fc.oneof(pointer, fc.constant('/metadata/labels'), fc.constant('/spec/ports/0')),
    from: pointer,
    value: json,
  },
  { requiredKeys: ['op', 'path'] },
);

test('any JSON patch leaves a sound object', async () => {
  const api = await apiWithService();
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.array(operation, { maxLength: 4 }), json), async (patch) => {
      const headers = { 'content-type': 'application/json-patch+json' };
      requireStatus(await api.call('PATCH', `${services}/fuzzed`, { body: JSON.stringify(patch), headers }));
      await requireSound(api);
    }),
    settings,
  );
});

const selectorPart = fc.constantFrom(
  'a',
  'b.c/d',
  '=',
  '==',
  '!=',
  '!',
  ',',
  ' in ',
  ' notin ',
  '(',
  ')',
  '>',
  ' ',
  'x',
  '__proto__',
  '.',
  'é',
);

test('any selector, limit, version and token selects something or is refused', async () => {
  const api = await apiWithService();
  const text = fc.oneof(
    fc.array(selectorPart, { maxLength: 12 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary' }),
    fc.integer().map(String),
  );
  const parameter = fc.constantFrom(
    'labelSelector',
    'fieldSelector',
    'limit',
    'continue',
    'resourceVersion',
    'resourceVersionMatch',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(parameter, text), { maxLength: 3 }), async (query) => {
      requireStatus(await api.call('GET', `${services}?${new URLSearchParams(query).toString()}`));
    }),
    settings,
  );
});

const magic = Buffer.from('k8s\0');

test('any bytes as protobuf, and any text as YAML, are an object or refused', async () => {
  const api = await apiWithService();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, isYaml) => {
      const body = isYaml ? Buffer.from(bytes) : Buffer.concat([magic, bytes]);
      const type = isYaml ? 'application/yaml' : 'application/vnd.kubernetes.protobuf';
      requireStatus(await api.call('POST', services, { body, headers: { 'content-type': type } }));
    }),
    settings,
  );
});
