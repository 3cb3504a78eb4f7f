import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runInside } from './run-inside.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const folder = mkdtempSync(join(tmpdir(), 'weft-inside-'));
after(() => rmSync(folder, { recursive: true }));
const resolvConf = join(folder, "resolv 'quoted' $(name)");
writeFileSync(resolvConf, 'nameserver 192.0.2.53\n');

/** Runs a command with this process's own network and returns its exit code and output. */
async function run(...command: string[]): Promise<{ code: number; out: string }> {
  const path = join(folder, 'out');
  const output = openSync(path, 'w');
  try {
    const code = await runInside({
      netns: '/proc/self/ns/net',
      resolvConf,
      command,
      env: { PATH: process.env['PATH'], GREETING: 'hello' },
      stdio: [openSync('/dev/null', 'r'), output, output],
    });
    return { code, out: readFileSync(path, 'utf8') };
  } finally {
    closeSync(output);
  }
}

test('a program finds the given settings as /etc/resolv.conf, and nobody else does', { skip }, async () => {
  const before = readFileSync('/etc/resolv.conf', 'utf8');
  assert.deepEqual(await run('cat', '/etc/resolv.conf'), { code: 0, out: 'nameserver 192.0.2.53\n' });
  assert.equal(readFileSync('/etc/resolv.conf', 'utf8'), before);
});

test('arguments and environment arrive as they were given', { skip }, async () => {
  const { out } = await run('sh', '-c', 'printf "%s|" "$GREETING" "$@"', 'sh', 'a b', '$(id)', "it's");
  assert.equal(out, "hello|a b|$(id)|it's|");
});

test('the exit code is the program’s own, and 128 and more for a signal', { skip }, async () => {
  assert.equal((await run('sh', '-c', 'exit 42')).code, 42);
  assert.equal((await run('sh', '-c', 'kill -TERM $$')).code, 143);
});

test('a program that is not there ends with 127, as in a shell', { skip }, async () => {
  assert.equal((await run('/no/such/program')).code, 127);
});
