import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { test } from 'node:test';
import { openPty, resizePty } from './pty.ts';

test('a program finds a terminal of the size that it was given', () => {
  const { master, terminal } = openPty();
  try {
    assert.ok(isatty(terminal));
    resizePty(master, { columns: 132, rows: 43 });
    const { stdout } = spawnSync('stty', ['size'], {
      stdio: [terminal, 'pipe', 'inherit'],
      encoding: 'utf8',
    });
    assert.equal(stdout, '43 132\n');
  } finally {
    for (const fd of [master, terminal]) closeSync(fd);
  }
});

test('what is no terminal has no size', () => {
  assert.throws(() => resizePty(0x7fff_ffff, { columns: 1, rows: 1 }), { errnoName: 'EBADF' });
});
