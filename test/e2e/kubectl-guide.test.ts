/** docs/guide/kubectl.md: every line of kubectl that it shows prints what it says. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLabs } from '../../src/cmd/labs.ts';
import { kubectlProblem } from '../support/kubectl.ts';
import { cannotSendPackets } from '../support/lab.ts';
import { weft } from '../support/weft.ts';

const root = join(import.meta.dirname, '../..');

/** Commands of kubectl in the guide's transcripts, in order, with what the guide says that they print. */
function transcript(): { command: string; printed: string }[] {
  const guide = readFileSync(join(root, 'docs/guide/kubectl.md'), 'utf8');
  return [...guide.matchAll(/^```console\n(.*?)^```$/gms)]
    .flatMap(([, block = '']) => block.split(/^\$ /m).slice(1))
    .map((entry) => {
      const [command = '', ...lines] = entry.split('\n');
      return { command, printed: lines.join('\n') };
    })
    .filter(({ command }) => /\bkubectl\b/.test(command));
}

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
  const commands = transcript();
  assert.ok(commands.length > 20);
  for (const { command, printed } of commands) {
    const both = await new Promise<string>((resolve) => {
      execFile('sh', ['-c', `exec 2>&1; ${command}`], { env }, (_, stdout) => resolve(stdout));
    });
    assert.equal(lasting(both), lasting(printed), command);
  }
});
