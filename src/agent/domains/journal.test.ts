import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { silentLog } from '../../lib/log.ts';
import type { KnownAddress } from './address-book.ts';
import { createDomainJournal } from './journal.ts';

function fileOf(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'weft-domains-'));
  context.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'domains');
}
const known = (i: number): KnownAddress => ({ name: `${i}.example.com`, address: '203.0.113.1', until: i });

test('what was written down is read again, by its owner only', (context) => {
  const path = fileOf(context);
  const journal = createDomainJournal({ path, log: silentLog });
  assert.deepEqual(journal.read(), []);
  journal.append([known(1), known(2)], () => []);
  journal.append([known(3)], () => []);
  assert.deepEqual(createDomainJournal({ path, log: silentLog }).read(), [known(1), known(2), known(3)]);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('lines that were cut short, or are none of ours, are skipped', (context) => {
  const path = fileOf(context);
  const journal = createDomainJournal({ path, log: silentLog });
  journal.append([known(1)], () => []);
  appendFileSync(path, '[{"name":1}]\n{}\n[{"name":"x","address":"nowhere","until":1}]\n[{"name":"a');
  assert.deepEqual(journal.read(), [known(1)]);
});

test('a file that has become long is made anew from what is to be kept', (context) => {
  const path = fileOf(context);
  const journal = createDomainJournal({ path, log: silentLog });
  for (let i = 0; i < 2500; i++) journal.append([known(i)], () => [known(7)]);
  assert.ok(readFileSync(path, 'utf8').split('\n').length < 1200);
  assert.deepEqual(journal.read()[0], known(7));
});
