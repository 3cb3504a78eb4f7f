import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createNetworkNamespaces } from '../netns/real.ts';
import { createNftables } from './nftables.ts';
import { printRuleset } from './print-ruleset.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

test('a ruleset is printed with its elements, and each namespace has its own', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'weft-print-'));
  const namespaces = createNetworkNamespaces({ directory });
  const nft = createNftables({ namespaces });
  try {
    for (const name of ['one', 'two']) namespaces.create(name);
    nft.run(
      'one',
      'add table inet t; add set inet t s { type ipv4_addr; }; add element inet t s { 192.0.2.7 }',
    );
    const printed = printRuleset(namespaces, 'one');
    assert.match(printed, /table inet t \{[\s\S]*elements = \{ 192\.0\.2\.7 \}/);
    assert.equal(printRuleset(namespaces, 'one'), printed, 'printing again prints the same');
    assert.equal(printRuleset(namespaces, 'two'), '');
  } finally {
    nft.close();
    for (const name of ['one', 'two']) namespaces.delete(name);
    namespaces.close();
    rmSync(directory, { recursive: true });
  }
});
