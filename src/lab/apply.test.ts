import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resources } from '../api/resources.ts';
import type { ConfigMap } from '../api/types/core.ts';
import { createFakeClient } from '../client/fake/client.ts';
import { applyObjects, patchTowards } from './apply.ts';

function configMap(name: string, data: Record<string, string>): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data };
}

const outcomes = (applied: Awaited<ReturnType<typeof applyObjects>>): string[] =>
  applied.map(({ name, outcome }) => `${name.name} ${outcome}`).toSorted();

test('what is missing is created, and asking again changes nothing', async () => {
  const client = createFakeClient();
  const objects = [configMap('a', { k: '1' }), configMap('b', {})];
  assert.deepEqual(outcomes(await applyObjects(client, objects)), ['a created', 'b created']);
  assert.deepEqual(outcomes(await applyObjects(client, objects)), ['a unchanged', 'b unchanged']);
});

test('what is no longer named goes, and only if an earlier call made it', async () => {
  const client = createFakeClient();
  await client.create(resources.configmaps, configMap('foreign', {}));
  await applyObjects(client, [configMap('a', {}), configMap('b', {})]);
  assert.deepEqual(outcomes(await applyObjects(client, [configMap('a', {})])), ['a unchanged', 'b removed']);
  const { items } = await client.list(resources.configmaps);
  assert.deepEqual(items.map(({ metadata }) => metadata.name).toSorted(), ['a', 'foreign']);
});

test('on a cluster of others what they made as it is asked for stays theirs', async () => {
  const client = createFakeClient();
  const mark = { annotation: 'weft.dev/lab', value: 'lab@here' };
  await client.create(resources.configmaps, configMap('theirs', { k: '1', more: '2' }));
  const applied = await applyObjects(client, [configMap('theirs', { k: '1' }), configMap('own', {})], mark);
  assert.deepEqual(outcomes(applied), ['own created', 'theirs unchanged']);
  const marks = (await client.list(resources.configmaps)).items.map(({ metadata }) => [
    metadata.name,
    metadata.annotations?.['weft.dev/lab'],
  ]);
  assert.deepEqual(Object.fromEntries(marks), { theirs: undefined, own: 'lab@here' });
  assert.deepEqual(outcomes(await applyObjects(client, [], mark)), ['own removed']);
});

test('on a cluster of others what they made otherwise is refused by name, and nothing is applied', async () => {
  const client = createFakeClient();
  const mark = { annotation: 'weft.dev/lab', value: 'lab@here' };
  await client.create(resources.configmaps, configMap('theirs', { k: '2' }));
  const wanted = [configMap('own', {}), configMap('theirs', { k: '1' })];
  await assert.rejects(applyObjects(client, wanted, mark), {
    code: 'objects-not-own',
    message: /ConfigMap default\/theirs/,
  });
  assert.equal((await client.list(resources.configmaps)).items.length, 1);
});

test("what another lab applied is not this one's to remove", async () => {
  const client = createFakeClient();
  const markOf = (value: string): { annotation: string; value: string } => ({
    annotation: 'weft.dev/lab',
    value,
  });
  await applyObjects(client, [configMap('one', {})], markOf('one@here'));
  await applyObjects(client, [configMap('two', {})], markOf('two@here'));
  assert.equal((await client.list(resources.configmaps)).items.length, 2);
});

test('a changed wish changes its own fields and leaves those of others', async () => {
  const client = createFakeClient();
  await applyObjects(client, [configMap('a', { mine: '1', old: 'x' })]);
  await client.patch(
    resources.configmaps,
    { namespace: 'default', name: 'a' },
    { body: { data: { theirs: '2' } } },
  );
  assert.deepEqual(outcomes(await applyObjects(client, [configMap('a', { mine: '3' })])), ['a configured']);
  const found = await client.get(resources.configmaps, { namespace: 'default', name: 'a' });
  assert.deepEqual(found?.data, { mine: '3', theirs: '2' });
});

test('a patch names what is new, what differs and what is gone', () => {
  assert.deepEqual(
    patchTowards({ a: 1, b: { c: 1, d: 2 }, e: [1] }, { b: { c: 1, d: 3 }, e: [1, 2], f: 4 }),
    {
      a: null,
      b: { d: 3 },
      e: [1, 2],
      f: 4,
    },
  );
});
