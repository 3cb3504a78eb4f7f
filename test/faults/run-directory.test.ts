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

test(
  'a disk that fills under a running lab refuses writes and says why; with room again all goes on',
  { skip: cannotSendPackets },
  () => {
    const script = `set -e; mkdir -p /run/weft; mount -t tmpfs -o size=64m none /run/weft
      trap '"$0" "$1" down --name $3 >&2; ls /run/weft' EXIT
      "$0" "$1" up --name $3 --wait >&2
      dd if=/dev/zero of=/run/weft/filler bs=64k >&2 || true
      "$0" "$2" $3
      rm /run/weft/filler
      "$0" "$2" $3
      "$0" "$1" up --name $3 --wait >&2`;
    const writer = join(import.meta.dirname, 'write-until-full.ts');
    const { status, stdout, stderr } = spawnSync(
      'unshare',
      [
        '--mount',
        '--propagation',
        'private',
        'sh',
        '-c',
        script,
        process.execPath,
        entry,
        writer,
        `test-filling-${process.pid}`,
      ],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
    const [full = '', roomy = '', ...left] = stdout.trimEnd().split('\n');
    const { refusal, there } = JSON.parse(full) as {
      refusal: { code: string; message: string };
      there: number;
    };
    assert.match(refusal.message, /the store could not write: .*full/);
    // What was acknowledged is there, what was refused is not.
    assert.deepEqual(JSON.parse(roomy), { refusal: null, there: there + 100 });
    assert.deepEqual(left, [], 'down leaves nothing');
  },
);
