/** A change longer than one datagram may be, in a user namespace: only there the kernel limits it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createNetworkNamespaces } from '../netns/real.ts';
import { createNftables } from './nftables.ts';
import type { NftElementChange } from './port.ts';

const isInside = process.env['WEFT_TEST_INSIDE'] !== undefined;
const enter = ['--user', '--map-root-user', '--net', '--mount', '--propagation', 'private'];
const skip =
  isInside || spawnSync('unshare', [...enter, 'true']).status === 0
    ? false
    : 'user namespaces are not allowed';

/** Bytes of one element of three interfaces' names and an address: three headers of attributes, and 52. */
const elementBytes = 64;

test('a change longer than the send buffer of a user arrives whole', { skip, timeout: 60_000 }, () => {
  if (isInside) return changeMuch();
  const env = { ...process.env, WEFT_TEST_INSIDE: '1', NODE_TEST_CONTEXT: undefined };
  const args = [...enter, process.execPath, '--test', import.meta.filename];
  const { status, stdout } = spawnSync('unshare', args, { encoding: 'utf8', env });
  assert.equal(status, 0, stdout);
});

function changeMuch(): void {
  const directory = mkdtempSync(join(tmpdir(), 'weft-long-'));
  const namespaces = createNetworkNamespaces({ directory });
  namespaces.create('node');
  const nft = createNftables({ namespaces });
  nft.run('node', 'table ip t { set s { type ifname . ifname . ifname . ipv4_addr; }\n }');
  const set = { family: 'ip', table: 't', set: 's' } as const;
  const type = { key: ['ifname', 'ifname', 'ifname', 'ipv4_addr'] } as const;
  const buffer = 2 * Number(readFileSync('/proc/sys/net/core/wmem_max', 'utf8'));
  const count = Math.ceil(Math.min(buffer, 9_000_000) / elementBytes) + 1;
  const addressOf = (i: number): string => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
  const changes = Array.from({ length: count }, (_, i): NftElementChange => ({
    ...set,
    action: 'add',
    type,
    element: { key: ['pod', 'pod', 'pod', addressOf(i)] },
  }));
  nft.change('node', changes);
  // Deleting what is not there would be refused.
  const some = changes.filter((_, i) => i % 1000 === 0 || i === count - 1);
  nft.change(
    'node',
    some.map((change) => ({ ...change, action: 'delete' })),
  );
  nft.close();
  namespaces.delete('node');
  rmSync(directory, { recursive: true });
}
