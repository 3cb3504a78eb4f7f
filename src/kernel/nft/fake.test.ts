import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeNftables } from './fake.ts';
import { nftablesCompliance } from './nft.compliance.ts';

nftablesCompliance({
  label: 'nftables in memory',
  skip: false,
  make: () => ({ nft: createFakeNftables(), namespace: 'node' }),
  cleanUp() {},
});

test('rules can be read back, and unknown syntax is refused rather than ignored', () => {
  const nft = createFakeNftables();
  nft.run('node', 'table ip t {\n chain c {\n  meta l4proto { tcp, udp } drop; accept\n }\n}');
  assert.deepEqual(nft.rules('node', { family: 'ip', table: 't' }, 'c'), [
    'meta l4proto { tcp, udp } drop',
    'accept',
  ]);
  assert.equal(nft.rules('node', { family: 'ip', table: 't' }, 'd'), undefined);
  for (const text of [
    'add quota ip t q',
    'table ip t { counter c { } }',
    'add set ip t s { typeof ether saddr; }',
    'add set ip t s { type ether_addr; }',
    'add set ip t s { type mark; elements = { 1 }; }',
    'add map ip t s { type mark; }',
    'add chain ip t d { type filter hook nowhere priority 0; }',
    'add rule ip t c vmap { 1 : goto d',
  ]) {
    assert.throws(() => nft.run('node', text), { code: 'nft-rejected' }, text);
  }
});
