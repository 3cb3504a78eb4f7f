import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import * as fc from 'fast-check';
import { WeftError } from '../../lib/errors.ts';
import { createTestApi, type TestApi } from '../testing/test-api.ts';
import { longestBackup, readBackup, writeBackup } from './backup.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';

const mapOf = (name: string, value: string): object => ({ metadata: { name }, data: { value } });

async function withMap(value = 'ä "\\ \u2028'): Promise<TestApi> {
  const api = createTestApi();
  assert.equal((await api.call('POST', maps, { body: mapOf('a', value) })).status, 201);
  return api;
}

/** The text with a checksum that agrees, as somebody could make it by hand. */
function signed(body: string): string {
  return `${body}{"sha256":"${createHash('sha256').update(body).digest('hex')}"}\n`;
}

const bodyOf = (backup: string): string => backup.slice(0, backup.lastIndexOf('\n', backup.length - 2) + 1);

const hasCode =
  (code: string, message = /./) =>
  (thrown: unknown): boolean =>
    thrown instanceof WeftError &&
    thrown.code === code &&
    thrown.fault === 'input' &&
    message.test(thrown.message);

test('a backup is read as the snapshot that was written', async () => {
  const { store, server } = await withMap();
  const snapshot = store.snapshot();
  assert.deepEqual(readBackup(await server.backup()), snapshot);
  assert.deepEqual(readBackup(writeBackup({ resourceVersion: 1, rows: [] })), {
    resourceVersion: 1,
    rows: [],
  });
});

test('a restored server answers as it did, with versions that went on', async () => {
  const api = await withMap('one');
  const { body: first } = await api.call('GET', `${maps}/a`);
  const backup = await api.server.backup();
  await api.call('PATCH', `${maps}/a`, {
    body: { data: { value: 'two' } },
    headers: { 'content-type': 'application/merge-patch+json' },
  });
  await api.call('POST', maps, { body: mapOf('b', 'new') });
  const versionBefore = api.store.resourceVersion;
  const restored = await api.server.restore(backup);
  assert.deepEqual([restored.added, restored.changed, restored.removed], [0, 1, 1]);
  assert.ok(restored.resourceVersion > versionBefore);
  const { body } = await api.call('GET', `${maps}/a`);
  const { resourceVersion, ...metadata } = body['metadata'] as Record<string, unknown>;
  assert.deepEqual(
    {
      ...body,
      metadata: {
        ...metadata,
        resourceVersion: (first['metadata'] as Record<string, unknown>)['resourceVersion'],
      },
    },
    first,
  );
  assert.ok(Number(resourceVersion) > versionBefore);
  assert.equal((await api.call('GET', `${maps}/b`)).status, 404);
});

test('watches go on over a restore, and tell of it', async () => {
  const api = await withMap('one');
  const backup = await api.server.backup();
  await api.call('DELETE', `${maps}/a`);
  const watch = await api.watch(`${maps}?watch=1&resourceVersion=${api.store.resourceVersion}`);
  await api.server.restore(backup);
  assert.equal(watch.ended(), false);
  assert.deepEqual(
    watch.lines.map(({ type, object }) => [type, (object as { data: unknown }).data]),
    [['ADDED', { value: 'one' }]],
  );
  watch.stop();
});

test('a server of another history takes the backup; who watched the old one there lists again', async () => {
  const old = await withMap('old');
  for (const name of ['b', 'c', 'd']) await old.call('POST', maps, { body: mapOf(name, 'x') });
  const backup = await old.server.backup();
  const api = createTestApi();
  await api.server.restore(backup);
  assert.ok(api.store.resourceVersion > old.store.resourceVersion);
  const { body } = await api.call('GET', maps);
  assert.equal((body['items'] as unknown[]).length, 4);
  const late = await api.watch(`${maps}?watch=1&resourceVersion=${old.store.resourceVersion - 2}`);
  const said = late.lines.map(({ type, object }) => [type, (object as { code: unknown }).code]);
  assert.deepEqual([said, late.ended()], [[['ERROR', 410]], true]);
});

test('roles that every cluster has come back, also where the backup has none', async () => {
  const api = await withMap();
  const { resourceVersion, rows } = api.store.snapshot();
  const without = rows.filter(({ resource }) => !resource.endsWith('rbac.authorization.k8s.io'));
  await api.server.restore(writeBackup({ resourceVersion, rows: without }));
  assert.equal((await api.call('GET', `${roles}/cluster-admin`)).status, 200);
  const as = { name: 'weft:dns', groups: ['system:authenticated'] };
  assert.equal((await api.call('GET', '/api/v1/pods?watch=0', { as })).status, 200);
});

test('what was bound since the backup is bound no more', async () => {
  const api = await withMap();
  const backup = await api.server.backup();
  const as = { name: 'ann', groups: ['system:authenticated'] };
  await api.call('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    body: {
      metadata: { name: 'ann' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'ann' }],
    },
  });
  assert.equal((await api.call('GET', maps, { as })).status, 200);
  await api.server.restore(backup);
  assert.equal((await api.call('GET', maps, { as })).status, 403);
});

test('one that is cut or changed anywhere is refused, and nothing is changed', async () => {
  const api = await withMap();
  const backup = await api.server.backup();
  await api.call('POST', maps, { body: mapOf('b', 'since') });
  const { resourceVersion } = api.store;
  const damages = fc.oneof(
    fc.nat(backup.length - 1).map((at) => backup.slice(0, at)),
    fc
      .tuple(fc.nat(backup.length - 1), fc.constantFrom('0', 'x', '"', '\n', '}'))
      .filter(([at, letter]) => backup[at] !== letter)
      .map(([at, letter]) => `${backup.slice(0, at)}${letter}${backup.slice(at + 1)}`),
  );
  await fc.assert(
    fc.asyncProperty(damages, (text) => assert.rejects(api.server.restore(text), hasCode('backup-damaged'))),
    { seed: 20261121, numRuns: 300 },
  );
  assert.equal(api.store.resourceVersion, resourceVersion);
});

test('one whose checksum agrees and whose lines are none of ours is refused, with the line', async () => {
  const api = await withMap();
  const body = bodyOf(await api.server.backup());
  const [head = '', first = ''] = body.split('\n');
  const one = head.replace(/"objects":\d+/, '"objects":1');
  const rows: readonly (readonly [string, RegExp])[] = [
    [`${first}\n`.repeat(2), /line 3 .* a second time/],
    [`${first.replace(/"key":"[^"]+"/, '"key":"other"')}\n`, /line 2 .* another name/],
    [`${first.replace(/"resource":"[^"]+"/, '"resource":"../x"')}\n`, /line 2 .* no object/],
    [`${first.replace(/"rv":\d+/, '"rv":-1')}\n`, /line 2 .* no object/],
    ['[]\n', /line 2 .* no object/],
    ['{"resource":"pods","key":"a","rv":1,"object":{"metadata":null}}\n', /line 2 .* another name/],
    ['not JSON\n', /line 2 .* not JSON/],
    ['', /line 1 .* counts/],
  ];
  for (const [lines, message] of rows) {
    const count = lines === `${first}\n`.repeat(2) ? one.replace('"objects":1', '"objects":2') : one;
    assert.throws(() => readBackup(signed(`${count}\n${lines}`)), hasCode('backup-damaged', message), lines);
  }
  for (const text of ['{}', 'null', '[]', '', '{"weftBackup":1,"resourceVersion":0.5,"objects":0}'])
    assert.throws(() => readBackup(signed(`${text}\n`)), hasCode('backup-damaged'), text);
  assert.throws(() => readBackup(signed('{"weftBackup":2}\n')), hasCode('backup-unknown', /newer version/));
});

test('one that is too large is neither written nor read', () => {
  const text = JSON.stringify('x'.repeat(longestBackup / 2));
  const row = { resource: 'configmaps', key: 'a', rv: 1, text };
  assert.throws(() => writeBackup({ resourceVersion: 1, rows: [row, row] }), hasCode('backup-too-large'));
  assert.throws(() => readBackup(' '.repeat(longestBackup + 200)), hasCode('backup-too-large'));
});
