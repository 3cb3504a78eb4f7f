import assert from 'node:assert/strict';
import test from 'node:test';
import { arrayAt, isObject, textAt, valueAt } from '../json.ts';
import { createTestApi, type Answer, type TestApi } from '../testing/test-api.ts';

const path = '/api/v1/namespaces/default/services';
const dual = { serviceCidr: '10.96.0.0/24,fd00:10:96::/112' };

const make = (api: TestApi, name: string, spec: object): Promise<Answer> =>
  api.call('POST', path, {
    body: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { ports: [{ port: 80 }], selector: { app: 'x' }, ...spec },
    },
  });

const patch = (api: TestApi, name: string, spec: object): Promise<Answer> =>
  api.call('PATCH', `${path}/${name}`, {
    body: { spec },
    headers: { 'content-type': 'application/merge-patch+json' },
  });

const specOf = ({ body }: Answer, field: string): unknown => valueAt(body, ['spec', field]);

const causes = ({ body }: Answer): string[] =>
  arrayAt(body, ['details', 'causes']).map((it) => textAt(it, ['field']));

test('one family unless asked for two; a preference is content with one', async () => {
  const [both, one] = [createTestApi(dual), createTestApi()];
  const single = await make(both, 'a', {});
  assert.deepEqual(specOf(single, 'ipFamilies'), ['IPv4']);
  assert.equal(specOf(single, 'ipFamilyPolicy'), 'SingleStack');
  const preferred = await make(one, 'a', { ipFamilyPolicy: 'PreferDualStack' });
  assert.deepEqual(specOf(preferred, 'ipFamilies'), ['IPv4']);
  const required = await make(one, 'b', { ipFamilyPolicy: 'RequireDualStack' });
  assert.deepEqual([required.status, causes(required)], [422, ['spec.ipFamilyPolicy']]);
  const contradiction = await make(both, 'b', {
    ipFamilyPolicy: 'SingleStack',
    ipFamilies: ['IPv4', 'IPv6'],
  });
  assert.deepEqual([contradiction.status, causes(contradiction)], [422, ['spec.ipFamilyPolicy']]);
  const mismatch = await make(both, 'b', { ipFamilies: ['IPv6'], clusterIP: '10.96.0.9' });
  assert.deepEqual([mismatch.status, causes(mismatch)], [422, ['spec.clusterIPs[0]']]);
});

test('a second address comes and goes with the policy, the first one stays', async () => {
  const api = createTestApi(dual);
  const first = specOf(await make(api, 'a', {}), 'clusterIP');
  const up = await patch(api, 'a', { ipFamilyPolicy: 'PreferDualStack' });
  assert.equal(up.status, 200, JSON.stringify(up.body));
  assert.equal(specOf(up, 'clusterIP'), first);
  assert.deepEqual(specOf(up, 'ipFamilies'), ['IPv4', 'IPv6']);
  const kept = await patch(api, 'a', { sessionAffinity: 'ClientIP' });
  assert.deepEqual(specOf(kept, 'clusterIPs'), specOf(up, 'clusterIPs'));
  const refused = await patch(api, 'a', { ipFamilies: ['IPv4'] });
  assert.deepEqual([refused.status, causes(refused)], [422, ['spec.ipFamilyPolicy']]);
  const swapped = await patch(api, 'a', { ipFamilies: ['IPv6', 'IPv4'] });
  assert.equal(swapped.status, 422);
  const down = await patch(api, 'a', { ipFamilyPolicy: 'SingleStack' });
  assert.deepEqual(specOf(down, 'clusterIPs'), [first]);
  assert.deepEqual(specOf(down, 'ipFamilies'), ['IPv4']);
});

test('without selector and address, a Service is of both families whatever the cluster has', async () => {
  const api = createTestApi();
  const made = await make(api, 'a', { clusterIP: 'None', selector: {} });
  assert.equal(specOf(made, 'ipFamilyPolicy'), 'RequireDualStack');
  assert.deepEqual(specOf(made, 'ipFamilies'), ['IPv4', 'IPv6']);
});

test('a whole object with only its type changed is taken: all it sends back of the old type goes', async () => {
  const api = createTestApi();
  const made = await make(api, 'a', { type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
  const put = (type: string): Promise<Answer> => {
    const spec = isObject(made.body['spec']) ? { ...made.body['spec'], type } : {};
    const { resourceVersion, ...metadata } = isObject(made.body['metadata']) ? made.body['metadata'] : {};
    void resourceVersion;
    return api.call('PUT', `${path}/a`, { body: { ...made.body, metadata, spec } });
  };
  const inside = await put('ClusterIP');
  assert.equal(inside.status, 200, JSON.stringify(inside.body));
  for (const field of ['healthCheckNodePort', 'allocateLoadBalancerNodePorts', 'externalTrafficPolicy']) {
    assert.equal(specOf(inside, field), undefined, field);
  }
  assert.deepEqual(specOf(inside, 'ports'), [{ port: 80, protocol: 'TCP', targetPort: 80 }]);
  assert.equal(
    (await make(api, 'b', { type: 'ClusterIP', allocateLoadBalancerNodePorts: true })).status,
    422,
  );
});
