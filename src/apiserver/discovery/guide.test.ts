import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { apiVersionOf } from '../../api/resources.ts';
import { servedResources } from '../../api/served.ts';

const repository = join(import.meta.dirname, '../../..');
const guide = readFileSync(join(repository, 'docs/guide/api.md'), 'utf8');

test('the guide lists every kind with its version and subresources, and no other', () => {
  const rows = guide.split('\n').filter((line) => /\| (interpreted|kept) \|$/.test(line));
  const listed = rows.map((row) => row.split('|').slice(1, 4).join('|').replaceAll(/[` ]/g, ''));
  const served = servedResources.map((it) =>
    [it.kind, apiVersionOf(it), it.subresources.join(',')].join('|'),
  );
  assert.deepEqual(listed.toSorted(), served.toSorted());
});

test('every test that the guide names exists', () => {
  const named = new Set(guide.match(/(src|test)\/[\w/-]+\.test\.ts/g));
  assert.ok(named.size > 10);
  for (const path of named) assert.ok(existsSync(join(repository, path)), path);
});
