/** docs/guide/kubectl.md: every line of kubectl that it shows prints what it says. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import { kubectlProblem } from '../support/kubectl.ts';
import { cannotSendPackets } from '../support/lab.ts';
import { commandsOf, printedBy } from '../support/transcript.ts';
import { weft } from '../support/weft.ts';

const root = join(import.meta.dirname, '../..');

/** Without what differs from run to run: ages, addresses, ports of clients, made-up names, places, widths of columns. */
function lasting(text: string): string {
  return text
    .replaceAll(/\b(\d+[dhms])+\b/g, 'AGE')
    .replaceAll(/\b\d+\.\d+\.\d+\.\d+\b/g, 'ADDRESS')
    .replaceAll(/\bnode-\d\b/g, 'NODE')
    .replaceAll(/-[a-z0-9]{10}\b/g, '-HASH')
    .replaceAll(/-[a-z0-9]{5}\b/g, '-SUFFIX')
    .replaceAll(/(port |"sourcePort":)\d{4,5}\b/g, '$1PORT')
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/ $/gm, '')
    .replace(/\[exit \d+\]\n$/, '')
    .trim();
}

test('kubectl prints what the guide shows', { skip: cannotSendPackets || kubectlProblem() }, async (t) => {
  const name = `test-guide-${process.pid}`;
  const home = mkdtempSync(join(tmpdir(), 'weft-guide-'));
  t.after(async () => {
    await weft('down', '--name', name);
    rmSync(home, { recursive: true });
  });
  const up = await weft('up', '-f', join(root, 'examples/two-tier'), '--name', name, '--wait');
  assert.equal(up.code, 0, up.err);
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    KUBECONFIG: openLabs().control.paths(name).kubeconfig,
  };
  const commands = commandsOf('docs/guide/kubectl.md').filter(({ command }) => /\bkubectl\b/.test(command));
  assert.ok(commands.length > 20);
  for (const { command, shown } of commands) {
    const both = await printedBy(command, env);
    assert.equal(lasting(both), lasting(shown), command);
  }
});
