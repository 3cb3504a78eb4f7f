/** docs/guide/policy.md shows what the commands in it print. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const guide = readFileSync(`${checkout}/docs/guide/policy.md`, 'utf8');
const blocks = [...guide.matchAll(/^```console\n\$ (.*)\n([^]*?)^```$/gm)];

test('there are commands in the guide', () => {
  assert.ok(blocks.length >= 8, `${blocks.length} commands`);
});

for (const [, command = '', shown = ''] of blocks) {
  test(command, () => {
    const env = { PATH: `${checkout}:${process.env['PATH'] ?? ''}`, HOME: process.env['HOME'] ?? '/' };
    const options = { cwd: checkout, env, encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync('sh', ['-c', command], options);
    const exit = status === 0 ? '' : `[exit ${status}]\n`;
    assert.equal(stdout + stderr + exit, shown);
  });
}
