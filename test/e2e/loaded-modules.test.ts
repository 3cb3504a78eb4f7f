/**
 * How many modules each command and each process of a lab loads before it is of use: each costs about 0.3 ms of processor
 * time at every start. Who is over a bound has mostly imported a large module for a small thing of it, or could load what
 * only some labs need (`await import`) when it is known that this one does. What is needed may raise the bound.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cannotSendPackets } from '../support/lab.ts';
import { weft, weftIn } from '../support/weft.ts';

const example = fileURLToPath(new URL('../../examples/two-tier', import.meta.url));
const recorder = pathToFileURL(join(import.meta.dirname, '../support/record-modules.mjs')).href;
const name = `test-modules-${process.pid}`;
const directory = mkdtempSync(join(tmpdir(), 'weft-modules-'));
after(() => rmSync(directory, { recursive: true }));

/** Runs a command; how many modules each process loaded that it started, by the process' entry. */
async function loadedBy(...args: string[]): Promise<Map<string, number>> {
  const own = mkdtempSync(join(directory, 'run-'));
  const { code, err } = await weftIn({ RECORD_MODULES: own, NODE_OPTIONS: `--import ${recorder}` }, ...args);
  assert.equal(code, 0, err);
  return new Map(
    readdirSync(own).map((file) => [
      file.slice(0, file.indexOf('.')),
      new Set(readFileSync(join(own, file), 'utf8').trimEnd().split('\n')).size,
    ]),
  );
}

/** None more than it should, and none so few that they were not seen. */
function assertWithin(loaded: ReadonlyMap<string, number>, most: Readonly<Record<string, number>>): void {
  const seen = Object.fromEntries(Object.keys(most).map((entry) => [entry, loaded.get(entry) ?? 0]));
  const outside = Object.entries(most).filter(([entry, bound]) => {
    const count = seen[entry] ?? 0;
    return count > bound || count < bound * 0.8;
  });
  assert.deepEqual(outside, [], `loaded: ${JSON.stringify(seen)}`);
}

test('help loads the names of the commands, and none of them', async () => {
  assertWithin(await loadedBy('--help'), { weft: 20 });
});

test('reach loads what reads manifests of usual kinds, and what compares policies', async () => {
  assertWithin(await loadedBy('reach', '-f', example), { weft: 350 });
});

test('explain loads what predicts a packet, and what another policy would do', async () => {
  const asked = ['default/Deployment/web', 'svc:default/database:5432'];
  assertWithin(await loadedBy('explain', ...asked, '-f', example), { weft: 380 });
});

suite('a lab on a segment', { skip: cannotSendPackets }, () => {
  after(() => weft('down', '--name', name));

  test('has in each process what makes it ready, and no world of virtual networks', async () => {
    const loaded = await loadedBy('up', '-f', example, '--name', name, '--wait');
    assertWithin(loaded, { weft: 255, holder: 130, control: 635, agents: 420, dns: 180 });
  });

  test('down loads what ends processes, and no manifests', async () => {
    assertWithin(await loadedBy('down', '--name', name), { weft: 65 });
  });
});
