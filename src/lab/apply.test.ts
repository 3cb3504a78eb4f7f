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
