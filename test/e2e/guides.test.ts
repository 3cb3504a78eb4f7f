/** Pages whose commands need no lab: they show what the commands in them print. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { commandsOf, printedBy } from '../support/transcript.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const env = { PATH: `${checkout}:${process.env['PATH'] ?? ''}`, HOME: process.env['HOME'] ?? '/' };

for (const [page, least] of [
  ['docs/guide/policy.md', 8],
  ['docs/guide/plan.md', 3],
] as const) {
  const commands = commandsOf(page);
  test(`there are commands in ${page}`, () => {
    assert.ok(commands.length >= least, `${commands.length} commands`);
  });
  for (const { command, shown } of commands) {
    test(command, async () => assert.equal(await printedBy(command, env), shown));
  }
}
