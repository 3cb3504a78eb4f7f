/** Run directories that take no files, each a small file system in a mount namespace of the test's own. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { cannotSendPackets } from '../support/lab.ts';

const entry = join(import.meta.dirname, '../../src/cmd/weft.ts');

function upOn(mountOptions: string): { code: number | null; output: string } {
  const script = `mkdir -p /run/weft && mount -t tmpfs -o ${mountOptions} none /run/weft &&
    exec "$0" "$1" up --name test-full-${process.pid} --wait`;
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-c', script, process.execPath, entry],
    { encoding: 'utf8' },
  );
  return { code: status, output: stdout + stderr };
}

for (const [what, options, says] of [
  ['read-only', 'ro', /takes no files: EROFS/],
  ['full', 'size=64k', /is full: 6\d kB are left/],
  ['out of files', 'size=32m,nr_inodes=4', /takes no files: ENOSPC/],
] as const) {
  test(`a run directory that is ${what} is named, with exit code 3`, { skip: cannotSendPackets }, () => {
    const { code, output } = upOn(options);
    assert.equal(code, 3, output);
    assert.match(output, says);
  });
}
