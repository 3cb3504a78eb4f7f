import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createFakeCniResults } from './fake.ts';
import { createCniPlugins } from './plugins.ts';
import { createCniResults } from './results.ts';

const directory = mkdtempSync(join(tmpdir(), 'weft-cni-'));
after(() => rmSync(directory, { recursive: true }));

for (const [kind, create] of [
  ['files', () => createCniResults({ directory })],
  ['memory', createFakeCniResults],
] as const) {
  test(`what a chain came to is there for the next process, until it is removed (${kind})`, () => {
    const results = create();
    assert.deepEqual([results.list('n1'), results.read('n1', 'u1')], [[], undefined]);
    results.write('n1', 'u1', { result: 1 });
    results.write('n1', 'u1', { result: 2 });
    results.write('n2', 'u2', {});
    assert.deepEqual([results.list('n1'), results.read('n1', 'u1')], [['u1'], { result: 2 }]);
    results.remove('n1', 'u1');
    results.remove('n1', 'u1');
    assert.deepEqual([results.list('n1'), results.list('n2')], [[], ['u2']]);
  });
}

test('a plugin that no folder has is named, with where to get it', async () => {
  const call = {
    plugin: 'bridge',
    command: 'ADD',
    containerId: 'u1',
    podNetns: '/ns/pod',
    nodeNetns: '/ns/node',
    interfaceName: 'eth0',
    args: '',
    state: directory,
    input: '{}',
  } as const;
  await assert.rejects(createCniPlugins({ path: directory }).run(call), {
    code: 'cni-plugin-missing',
    hint: /containernetworking-plugins/,
  });
});
