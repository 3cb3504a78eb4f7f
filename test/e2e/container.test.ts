/**
 * A lab in the poorest of containers: a root of its own without /run, without systemd, cgroups or terminals, process
 * ids of its own, no environment at all, and standard input closed.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cannotSendPackets } from '../support/lab.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Makes the root at $1 with the checkout $2 in it, and runs the rest there. */
const container = `
set -e
root=$1; checkout=$2; shift 2
mount -t tmpfs none "$root"
for dir in usr bin sbin lib lib64 etc; do
  if [ -L "/$dir" ]; then cp -P "/$dir" "$root/$dir"
  elif [ -d "/$dir" ]; then mkdir "$root/$dir"; mount --rbind "/$dir" "$root/$dir"
  fi
done
mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/weft"
for node in null zero urandom; do : >"$root/dev/$node"; mount --bind "/dev/$node" "$root/dev/$node"; done
mount -t proc none "$root/proc"
mount --bind /sys "$root/sys"
mount --bind "$checkout" "$root/weft"
exec chroot "$root" /usr/bin/env -i /bin/sh -e -c "$1" <&-
`;

const commands = `
/weft/weft up -f /weft/examples/two-tier --name boxed --wait
/weft/weft test --live --name boxed 'default/Deployment/web -> svc:default/database:5432'
/weft/weft status --name boxed
/weft/weft down --name boxed
ls /run/weft
echo over
`;

test('a lab works in a container that has next to nothing', { skip: cannotSendPackets }, () => {
  const root = mkdtempSync(join(tmpdir(), 'weft-container-'));
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    [
      '--mount',
      '--propagation=private',
      '--pid',
      '--fork',
      'sh',
      '-c',
      container,
      'sh',
      root,
      checkout,
      commands,
    ],
    { encoding: 'utf8' },
  );
  rmdirSync(root);
  assert.equal(status, 0, stdout + stderr);
  assert.match(stderr, /✓ waiting for readiness/);
  assert.match(stdout, /default\/web +Deployment +3\/3/);
  assert.match(stdout, /\nover\n$/);
});
