/**
 * Each folder of examples/ whose README shows commands with their output: they are run from the first to the last, and
 * print what the README says, packets and all. Labs of theirs are in a run directory of this test's own.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cannotSendPackets } from '../support/lab.ts';
import { commandsOf, printedBy } from '../support/transcript.ts';

const folders = ['aks-models', 'aks-egress', 'stack-hci', 'stack-edge', 'good-practice'];

/** Only these may be asked again: an object that was changed a moment ago may not have reached every machine. */
const question = /^\.\/weft (connect|exec|explain|route get|status|test) /;
const patienceMs = 10_000;

for (const folder of folders) {
  describe(`examples/${folder}`, { skip: cannotSendPackets }, () => {
    const env = { ...process.env };
    let directory = '';
    before(() => {
      directory = mkdtempSync('/run/weft-examples-');
      env['WEFT_RUN_DIRECTORY'] = directory;
    });
    after(async () => {
      const labs = readdirSync(directory, { withFileTypes: true }).filter((one) => one.isDirectory());
      for (const { name } of labs) await printedBy(`./weft down --name ${name}`, env);
      rmSync(directory, { recursive: true });
    });

    const commands = commandsOf(`examples/${folder}/README.md`);
    test('the README shows commands, and ends with taking down what it made', () => {
      assert.ok(commands.length >= 8, `${commands.length} commands`);
      assert.match(commands.at(-1)?.command ?? '', /^\.\/weft down/);
    });
    for (const { command, shown } of commands) {
      test(command, async () => {
        const until = performance.now() + (question.test(command) ? patienceMs : 0);
        for (;;) {
          const printed = lasting(await printedBy(command, env));
          if (printed === lasting(shown)) return;
          if (performance.now() > until) assert.equal(printed, lasting(shown));
          await sleep(50);
        }
      });
    }
  });
}

/** Without what differs from run to run: times, made-up ends of pods' names, who has which address of a pool, widths. */
function lasting(text: string): string {
  return text
    .replaceAll(/\b\d+\.\d+ ms\b/g, 'TIME')
    .replaceAll(/ \d+\.\d\d s$/gm, ' TIME')
    .replaceAll(/-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '-SUFFIX')
    .replaceAll(/\b(10\.244\.\d+|172\.20\.127)\.\d+\b/g, 'POD')
    .replaceAll(/\b172\.20\.50\.\d+\b/g, 'NODE')
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/ $/gm, '')
    .trim();
}
