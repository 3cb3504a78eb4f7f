import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { parseAllDocuments } from 'yaml';
import { arrayAt, textAt } from '../json.ts';
import { createTestApi, type Answer, type TestApi } from '../testing/test-api.ts';
import { define, widget, widgetDefinition, widgets, withSpec } from '../testing/widgets.ts';
import { upstreamFolder } from '../custom/upstream/definitions.ts';

const group = '/apis/admissionregistration.k8s.io/v1';
const maps = '/api/v1/namespaces/default/configmaps';

function put(api: TestApi, url: string, body: object): Promise<Answer> {
  return api.call('PATCH', `${url}?fieldManager=test&force=true`, {
    body,
    headers: { 'content-type': 'application/apply-patch+yaml' },
  });
}

/** A policy about ConfigMaps with a binding of the same name. */
async function withPolicy(api: TestApi, spec: object, binding: object = {}): Promise<void> {
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] }];
  const meta = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: 'p' } };
  const policy = {
    ...meta,
    kind: 'ValidatingAdmissionPolicy',
    spec: { matchConstraints: { resourceRules: rules }, ...spec },
  };
  const bound = { policyName: 'p', validationActions: ['Deny'], ...binding };
  const answers = [
    await put(api, `${group}/validatingadmissionpolicies/p`, policy),
    await put(api, `${group}/validatingadmissionpolicybindings/p`, {
      ...meta,
      kind: 'ValidatingAdmissionPolicyBinding',
      spec: bound,
    }),
  ];
  for (const { status, body } of answers) assert.ok(status < 300, JSON.stringify(body));
}

function create(api: TestApi, name: string, data: object, labels?: object): Promise<Answer> {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...(labels && { labels }) }, data };
  return api.call('POST', maps, { body });
}

const prefix = "ValidatingAdmissionPolicy 'p' with binding 'p' denied request:";
const messageOf = ({ body }: Answer): string => textAt(body, ['message']);

test('what a policy objects to is denied with its message and reason, before anything is stored', async () => {
  const api = createTestApi();
  await withPolicy(api, {
    validations: [
      { expression: "!('a' in object.data)" },
      { expression: "!('b' in object.data)", message: 'no b', reason: 'Forbidden' },
      { expression: "!('c' in object.data)", messageExpression: "'c is ' + object.data.c" },
      { expression: "!('d' in object.data) || object.nosuch" },
    ],
  });
  const plain = await create(api, 'm', { a: '' });
  assert.equal(plain.status, 422);
  assert.equal(
    messageOf(plain),
    `configmaps "m" is forbidden: ${prefix} failed expression: !('a' in object.data)`,
  );
  const forbidden = await create(api, 'm', { b: '' });
  assert.deepEqual([forbidden.status, forbidden.body['reason']], [403, 'Forbidden']);
  assert.match(messageOf(await create(api, 'm', { c: 'x' })), /c is x$/);
  assert.match(messageOf(await create(api, 'm', { d: 'x' })), /resulted in error: no such key: nosuch$/);
  assert.equal((await api.call('GET', `${maps}/m`)).status, 404);
  assert.equal((await create(api, 'm', { e: '' })).status, 201);
});

test('updates see what was before, deletions only that, and a dry run is asked about as well', async () => {
  const api = createTestApi();
  await withPolicy(api, {
    validations: [
      {
        expression: "request.operation != 'UPDATE' || object.data.v == oldObject.data.v",
        message: 'v is fixed',
      },
      {
        expression: "request.operation != 'DELETE' || (object == null && oldObject.data.v != 'keep')",
        message: 'kept',
      },
      { expression: "oldObject != null || request.userInfo.username == 'tester'", message: 'who' },
    ],
  });
  assert.equal((await create(api, 'm', { v: 'keep' })).status, 201);
  const patch = {
    body: { data: { v: 'other' } },
    headers: { 'content-type': 'application/merge-patch+json' },
  };
  assert.match(messageOf(await api.call('PATCH', `${maps}/m`, patch)), /v is fixed$/);
  assert.match(messageOf(await api.call('PATCH', `${maps}/m?dryRun=All`, patch)), /v is fixed$/);
  assert.match(messageOf(await api.call('DELETE', `${maps}/m`)), /kept$/);
  assert.equal((await api.call('GET', `${maps}/m`)).status, 200);
});

test('Warn warns, once for each objection, and lets pass', async () => {
  const api = createTestApi();
  const validations = [
    { expression: 'false', message: 'one' },
    { expression: 'false', message: 'two' },
  ];
  await withPolicy(api, { validations }, { validationActions: ['Warn', 'Audit'] });
  const answer = await create(api, 'm', {});
  assert.equal(answer.status, 201);
  const text = "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'p'";
  assert.equal(answer.headers['warning'], `299 - "${text}: one", 299 - "${text}: two"`);
});

test('conditions, selectors, excluded rules and the binding narrow down what a policy is about', async () => {
  const api = createTestApi();
  const deny = { validations: [{ expression: 'false' }] };
  const denied = async (name: string, labels?: object): Promise<boolean> =>
    (await create(api, name, {}, labels)).status === 422;
  await withPolicy(api, {
    ...deny,
    matchConditions: [{ name: 'x', expression: "request.name.startsWith('x')" }],
  });
  assert.deepEqual([await denied('a'), await denied('x')], [false, true]);
  await withPolicy(
    api,
    { ...deny, matchConditions: [] },
    { matchResources: { objectSelector: { matchLabels: { a: 'b' } } } },
  );
  assert.deepEqual([await denied('b'), await denied('c', { a: 'b' })], [false, true]);
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': 'other' } };
  await withPolicy(api, { ...deny, matchConditions: [] }, { matchResources: { namespaceSelector } });
  assert.equal(await denied('d'), false);
  const excludeResourceRules = [
    { apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE'], resources: ['*'] },
  ];
  await withPolicy(api, { ...deny, matchConditions: [] }, { matchResources: { excludeResourceRules } });
  assert.equal(await denied('e'), false);
});

test('variables are evaluated once they are needed, and see those before them', async () => {
  const api = createTestApi();
  await withPolicy(api, {
    variables: [
      { name: 'data', expression: "has(object.data) ? object.data : {'none': ''}" },
      { name: 'count', expression: 'size(variables.data)' },
      { name: 'broken', expression: '1 / 0' },
    ],
    validations: [
      { expression: 'variables.count < 2', messageExpression: "'has ' + string(variables.count)" },
    ],
  });
  assert.equal((await create(api, 'm', { a: '' })).status, 201);
  assert.match(messageOf(await create(api, 'n', { a: '', b: '' })), /has 2$/);
});

test('a parameter is looked up when it is needed, and its absence is what the binding says', async () => {
  const api = createTestApi();
  await define(api, widgetDefinition(withSpec({ most: { type: 'integer' } })));
  const paramRef = { name: 'limits', namespace: 'default', parameterNotFoundAction: 'Deny' };
  const spec = {
    paramKind: { apiVersion: 'example.com/v1', kind: 'Widget' },
    validations: [{ expression: 'size(object.data) <= params.spec.most', message: 'too many' }],
  };
  await withPolicy(api, spec, { paramRef });
  assert.match(messageOf(await create(api, 'm', {})), /no params found for policy binding/);
  await put(api, `${widgets}/limits`, widget('limits', { most: 1 }));
  assert.equal((await create(api, 'm', { a: '' })).status, 201);
  assert.match(messageOf(await create(api, 'n', { a: '', b: '' })), /too many$/);
  await api.call('DELETE', `${widgets}/limits`);
  await withPolicy(api, spec, { paramRef: { ...paramRef, parameterNotFoundAction: 'Allow' } });
  assert.equal((await create(api, 'n', { a: '', b: '' })).status, 201);
});

test('an error denies or is passed over, as the policy says', async () => {
  const api = createTestApi();
  const validations = [{ expression: '1 / 0 == 1' }];
  await withPolicy(api, { validations, failurePolicy: 'Ignore' });
  assert.equal((await create(api, 'm', {})).status, 201);
  await withPolicy(api, { validations, failurePolicy: 'Fail' });
  assert.match(messageOf(await create(api, 'n', {})), /division by zero$/);
});

test('policies about custom resources hold for all of their versions', async () => {
  const api = createTestApi();
  await define(api, widgetDefinition(withSpec({ a: { type: 'string' } })));
  const rule = {
    apiGroups: ['example.com'],
    apiVersions: ['*'],
    operations: ['CREATE'],
    resources: ['widgets'],
  };
  await withPolicy(api, {
    matchConstraints: { resourceRules: [rule] },
    validations: [{ expression: "object.spec.a == 'ok' && namespaceObject.metadata.name == 'default'" }],
  });
  assert.equal((await api.call('POST', widgets, { body: widget('a', { a: 'ok' }) })).status, 201);
  assert.equal((await api.call('POST', widgets, { body: widget('b', { a: 'no' }) })).status, 422);
});

test('no policy is about policies, so that one that denies everything can be taken back', async () => {
  const api = createTestApi();
  const rule = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] };
  await withPolicy(api, {
    matchConstraints: { resourceRules: [rule] },
    validations: [{ expression: 'false' }],
  });
  assert.equal((await create(api, 'm', {})).status, 422);
  assert.equal((await api.call('DELETE', `${group}/validatingadmissionpolicies/p`)).status, 200);
  assert.equal((await create(api, 'm', {})).status, 201);
});

test('a policy that cannot be right is refused, naming every field', async () => {
  const api = createTestApi();
  const body = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'p' },
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: [] }],
      },
      variables: [{ name: 'a-b', expression: '1' }],
      validations: [
        { expression: 'object.x +' },
        { expression: '1' },
        { expression: 'authorizer.x', reason: 'Foo' },
      ],
    },
  };
  const answer = await api.call('POST', `${group}/validatingadmissionpolicies`, { body });
  assert.equal(answer.status, 422);
  const causes = arrayAt(answer.body, ['details', 'causes']).map((it) => textAt(it, ['field']));
  assert.deepEqual(
    causes.toSorted(),
    [
      'spec.matchConstraints.resourceRules[0].resources',
      'spec.validations[2].reason',
      'spec.variables[0].name',
      'spec.validations[0].expression',
      'spec.validations[1].expression',
      'spec.validations[2].expression',
    ].toSorted(),
  );
  assert.match(
    messageOf(answer),
    /spec.validations\[1\].expression: Invalid value: "1": must evaluate to bool/,
  );
});

const safeUpgrades = join(
  upstreamFolder ?? '',
  'gateway-api/standard-gateway.networking.k8s.io_vap_safeupgrades.yaml',
);
const skip = !existsSync(safeUpgrades) && 'the policies of other projects (../shared) are not here';

test("Gateway API's own policy keeps experimental definitions off standard ones", { skip }, async () => {
  const api = createTestApi();
  for (const document of parseAllDocuments(readFileSync(safeUpgrades, 'utf8'))) {
    const object = document.toJS() as { kind?: string; metadata: { name: string } } | null;
    if (object?.kind === undefined) continue;
    const plural =
      object.kind === 'ValidatingAdmissionPolicy'
        ? 'validatingadmissionpolicies'
        : 'validatingadmissionpolicybindings';
    const { status, body } = await put(api, `${group}/${plural}/${object.metadata.name}`, object);
    assert.ok(status < 300, JSON.stringify(body));
  }
  const definition = (channel: string, version: string): object => {
    const name = 'widgets.gateway.networking.k8s.io';
    const annotations = {
      'api-approved.kubernetes.io': 'https://example.com',
      'gateway.networking.k8s.io/channel': channel,
      'gateway.networking.k8s.io/bundle-version': version,
    };
    const spec = { ...widgetSpec, group: 'gateway.networking.k8s.io' };
    return {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name, annotations },
      spec,
    };
  };
  const { spec: widgetSpec } = widgetDefinition({ type: 'object' }) as { spec: object };
  assert.match(messageOf(await define(api, definition('standard', 'v1.4.0'))), /before v1.5.0 is prohibited/);
  assert.equal((await define(api, definition('standard', 'v1.6.1'))).status, 201);
  assert.match(
    messageOf(await define(api, definition('experimental', 'v1.6.1'))),
    /experimental CRDs on top of standard/,
  );
  assert.equal((await define(api, definition('standard', 'v1.6.2'))).status, 200);
});
