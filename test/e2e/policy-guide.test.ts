/** docs/guide/policy.md shows what the commands in it print. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { commandsOf, printedBy } from '../support/transcript.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const env = { PATH: `${checkout}:${process.env['PATH'] ?? ''}`, HOME: process.env['HOME'] ?? '/' };
const commands = commandsOf('docs/guide/policy.md');

test('there are commands in the guide', () => {
  assert.ok(commands.length >= 8, `${commands.length} commands`);
});

for (const { command, shown } of commands) {
  test(command, async () => assert.equal(await printedBy(command, env), shown));
}
