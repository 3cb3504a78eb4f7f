/** What a machine that crashed or was switched off leaves of a lab: its files, and nothing that they speak of. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { cannotSendPackets } from '../support/lab.ts';
import { leftoversOf, pathsOf, pinsOf, weft, whenWhole } from './weft.ts';

const name = `test-reboot-${process.pid}`;
const copy = mkdtempSync(join(tmpdir(), 'weft-reboot-'));

describe('a lab of before a reboot', { skip: cannotSendPackets }, () => {
  before(async () => {
    const { code, output } = await weft('up', '-f', 'examples/two-tier', '--name', name, '--wait');
    assert.equal(code, 0, output);
    cpSync(pathsOf(name).directory, copy, { recursive: true, filter: isKept });
    // As files, its pins hold no namespace any more.
    for (const pin of pinsOf(name)) keepPin(pin);
    await weft('down', '--name', name);
  });
  after(async () => {
    await weft('down', '--name', name);
    rmSync(copy, { recursive: true });
  });

  const reboot = (): void => cpSync(copy, pathsOf(name).directory, { recursive: true });
  const keepPin = (pin: string): void => {
    const { directory, namespaces } = pathsOf(name);
    writeFileSync(join(namespaces.replace(directory, copy), pin), '', { mode: 0o600 });
  };

  test('is not taken for a running one by any command', async () => {
    reboot();
    const status = await weft('status', '--name', name);
    assert.equal(status.code, 1, status.output);
    assert.match(status.output, /holder +Process +is not running/);
    const connect = await weft(
      'connect',
      'default/Deployment/web',
      'svc:default/database:5432',
      '--name',
      name,
    );
    assert.equal(connect.code, 2, connect.output);
    assert.match(connect.output, /does not run: a crash or a reboot left its files/);
    const doctor = await weft('doctor');
    assert.match(
      doctor.output,
      new RegExp(`lab ${name} has a directory but no process: a crash or a reboot`),
    );
  });

  test('is started anew by up, whole', async () => {
    reboot();
    const { code, output } = await weft('up', '-f', 'examples/two-tier', '--name', name, '--wait');
    assert.equal(code, 0, output);
    await whenWhole(name);
    const asked = await weft(
      'connect',
      'default/Deployment/web',
      'svc:default/database:5432',
      '--name',
      name,
    );
    assert.equal(asked.code, 0, asked.output);
  });

  test('is taken away by down', async () => {
    await weft('down', '--name', name);
    reboot();
    const { code, output } = await weft('down', '--name', name);
    assert.equal(code, 0, output);
    assert.deepEqual(leftoversOf(name), []);
  });
});

/** Sockets are not kept, for nothing answers behind them. */
function isKept(path: string): boolean {
  const stat = statSync(path);
  return stat.isDirectory() || stat.isFile();
}
