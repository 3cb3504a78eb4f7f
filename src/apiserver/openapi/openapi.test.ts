import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { generateDescriptions } from '../../../tools/generate-schema.ts';
import { isObject, textAt, valueAt } from '../json.ts';
import { createTestApi } from '../testing/test-api.ts';

test('the generated descriptions are what the generator writes today', () => {
  const packed = readFileSync(new URL('./descriptions.json.gz', import.meta.url));
  assert.ok(packed.length < 150_000);
  assert.ok(gunzipSync(packed).toString() === generateDescriptions(), 'run node tools/generate-schema.ts');
});

test('every group and version has a document whose references all lead somewhere', async () => {
  const api = createTestApi();
  const { paths } = (await api.call('GET', '/openapi/v3')).body;
  assert.ok(isObject(paths) && Object.keys(paths).length > 8);
  for (const path of Object.keys(paths)) {
    const url = textAt(paths, [path, 'serverRelativeURL']);
    assert.match(url, /\?hash=[0-9A-F]{64}$/);
    const { body } = await api.call('GET', url);
    const text = JSON.stringify(body);
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      assert.ok(valueAt(body, ['components', 'schemas', name]) !== undefined, `${path}: ${name}`);
    }
  }
});

test('a schema says what its kind is, what fields are for, and how lists merge', async () => {
  const { body } = await createTestApi().call('GET', '/openapi/v3/api/v1');
  const schema = (name: string): unknown =>
    valueAt(body, ['components', 'schemas', `io.k8s.api.core.v1.${name}`]);
  assert.deepEqual(valueAt(schema('Service'), ['x-kubernetes-group-version-kind']), [
    { group: '', kind: 'Service', version: 'v1' },
  ]);
  const ports = valueAt(schema('ServiceSpec'), ['properties', 'ports']);
  assert.match(textAt(ports, ['description']), /ports that are exposed/);
  assert.deepEqual(valueAt(ports, ['items']), {
    $ref: '#/components/schemas/io.k8s.api.core.v1.ServicePort',
  });
  assert.equal(textAt(ports, ['x-kubernetes-list-type']), 'map');
  assert.deepEqual(valueAt(ports, ['x-kubernetes-list-map-keys']), ['port', 'protocol']);
  assert.equal(textAt(ports, ['x-kubernetes-patch-merge-key']), 'port');
  const path = valueAt(body, ['paths', '/api/v1/namespaces/{namespace}/services/{name}']);
  assert.deepEqual(valueAt(path, ['get', 'x-kubernetes-group-version-kind']), {
    group: '',
    version: 'v1',
    kind: 'Service',
  });
});

test('version 2 has the same schemas for those who read JSON, and none in protobuf', async () => {
  const api = createTestApi();
  const { body } = await api.call('GET', '/openapi/v2');
  assert.equal(body['swagger'], '2.0');
  const text = JSON.stringify(body);
  for (const [, name = ''] of text.matchAll(/"#\/definitions\/([^"]+)"/g)) {
    assert.ok(valueAt(body, ['definitions', name]) !== undefined, name);
  }
  assert.ok(valueAt(body, ['definitions', 'dev.weft.v1alpha1.ClusterNetwork']) !== undefined);
  const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
  const packed = await api.call('GET', '/openapi/v2', { headers: { accept } });
  assert.deepEqual(packed.body, { text: '' });
});

test('whoever is in may ask what they may do, and may do everything', async () => {
  const api = createTestApi();
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const spec = { resourceAttributes: { verb: 'create', resource: 'pods' } };
  const { status, body } = await api.call('POST', path, { body: { spec } });
  assert.deepEqual([status, body['spec'], body['status']], [201, spec, { allowed: true }]);
  assert.equal((await api.call('GET', path)).status, 405);
  assert.equal((await api.call('POST', path, { headers: { authorization: '' } })).status, 401);
  const who = await api.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body: {} });
  assert.equal(textAt(who.body, ['status', 'userInfo', 'username']), 'tester');
});
