import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import type { Json, JsonObject } from '../json.ts';
import { mergePatch } from './merge.ts';
import { strategicMergePatch } from './strategic.ts';

const onPod = (spec: JsonObject, patch: JsonObject): Json | undefined =>
  strategicMergePatch({ spec }, { spec: patch }, 'Pod')['spec'];

const onService = (ports: Json[], patch: JsonObject): Json | undefined => {
  const spec = strategicMergePatch({ ports }, patch, 'ServiceSpec');
  return spec['ports'];
};

test('containers merge by name and keep what the patch does not say', () => {
  const containers = [
    { name: 'a', image: '1', env: [{ name: 'X', value: '1' }] },
    { name: 'b', image: '1' },
  ];
  assert.deepEqual(onPod({ containers }, { containers: [{ name: 'a', env: [{ name: 'Y', value: '2' }] }] }), {
    containers: [
      {
        name: 'a',
        image: '1',
        env: [
          { name: 'Y', value: '2' },
          { name: 'X', value: '1' },
        ],
      },
      { name: 'b', image: '1' },
    ],
  });
});

test('lists without merge keys are replaced', () => {
  const tolerations = [{ key: 'a' }];
  assert.deepEqual(onPod({ tolerations }, { tolerations: [{ key: 'b' }] }), { tolerations: [{ key: 'b' }] });
  const container = { name: 'a', command: ['x', 'y'] };
  assert.deepEqual(onPod({ containers: [container] }, { containers: [{ name: 'a', command: ['z'] }] }), {
    containers: [{ name: 'a', command: ['z'] }],
  });
});

test('$patch deletes an item, or replaces a list or an object', () => {
  const containers = [{ name: 'a' }, { name: 'b' }];
  assert.deepEqual(onPod({ containers }, { containers: [{ name: 'a', $patch: 'delete' }] }), {
    containers: [{ name: 'b' }],
  });
  assert.deepEqual(onPod({ containers }, { containers: [{ $patch: 'replace' }, { name: 'c' }] }), {
    containers: [{ name: 'c' }],
  });
  assert.deepEqual(onPod({ dnsPolicy: 'Default' }, { $patch: 'replace', hostname: 'h' }), { hostname: 'h' });
});

test('$setElementOrder orders what it names and leaves others before what they were before', () => {
  const before = [{ name: 'server-only' }, { name: 'a' }, { name: 'b' }];
  const patch = {
    '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }, { name: 'c' }],
    containers: [{ name: 'c' }],
  };
  assert.deepEqual(onPod({ containers: before }, patch), {
    containers: [{ name: 'server-only' }, { name: 'b' }, { name: 'a' }, { name: 'c' }],
  });
});

test('$retainKeys drops the other members of a union', () => {
  const volumes = [{ name: 'v', emptyDir: {} }];
  const patch = { volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } }] };
  assert.deepEqual(onPod({ volumes }, patch), { volumes: [{ name: 'v', configMap: { name: 'c' } }] });
});

test('lists of scalars merge as sets, and $deleteFromPrimitiveList takes from them', () => {
  const meta = (finalizers: string[], patch: JsonObject): Json | undefined =>
    strategicMergePatch({ metadata: { finalizers } }, { metadata: patch }, 'Pod')['metadata'];
  assert.deepEqual(meta(['a', 'b'], { finalizers: ['b', 'c'] }), { finalizers: ['a', 'b', 'c'] });
  assert.deepEqual(meta(['a', 'b'], { finalizers: ['c', 'b'] }), { finalizers: ['c', 'a', 'b'] });
  assert.deepEqual(meta(['a', 'b'], { '$deleteFromPrimitiveList/finalizers': ['a'] }), { finalizers: ['b'] });
});

test('a Service may have one port over two protocols', () => {
  const ports = [
    { port: 53, protocol: 'UDP', name: 'dns' },
    { port: 53, protocol: 'TCP', name: 'dns-tcp' },
  ];
  const patched = onService(ports, { ports: [{ port: 53, protocol: 'TCP', name: 'tcp' }] });
  assert.deepEqual(patched, [ports[0], { port: 53, protocol: 'TCP', name: 'tcp' }]);
  assert.deepEqual(onService(ports, { ports: [{ port: 53, protocol: 'UDP', $patch: 'delete' }] }), [
    ports[1],
  ]);
});

test('an item without its key is refused', () => {
  assert.throws(() => onPod({ containers: [] }, { containers: [{ image: 'x' }] }), /no name/);
});

const scalars = fc.oneof(fc.integer(), fc.string(), fc.boolean());
const fieldNames = fc.constantFrom('alpha', 'beta', 'gamma');
const trees = fc.letrec<{ tree: Json }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    scalars,
    fc.dictionary(fieldNames, tie('tree'), { noNullPrototype: true }) as fc.Arbitrary<Json>,
  ),
})).tree;
const objects = fc.dictionary(fieldNames, trees, { noNullPrototype: true }) as fc.Arbitrary<JsonObject>;

test('without lists and directives, a strategic merge is a JSON merge patch', () => {
  fc.assert(
    fc.property(objects, objects, (target, patch) => {
      assert.deepEqual(strategicMergePatch(target, patch, undefined), mergePatch(target, patch));
    }),
  );
});

test('a patch never changes the object it is applied to', () => {
  fc.assert(
    fc.property(objects, objects, (target, patch) => {
      const before = structuredClone(target);
      strategicMergePatch(target, patch, undefined);
      assert.deepEqual(target, before);
    }),
  );
});
