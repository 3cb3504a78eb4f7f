import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openPty, resizePty } from '../../kernel/pty/pty.ts';
import { startInside, type Session } from './session.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const folder = mkdtempSync(join(tmpdir(), 'weft-session-'));
after(() => rmSync(folder, { recursive: true }));
const resolvConf = join(folder, 'resolv.conf');
writeFileSync(resolvConf, 'nameserver 192.0.2.53\n');

const start = (command: readonly string[], withTerminal = false): Promise<Session> => {
  const pty = withTerminal ? openPty() : undefined;
  return startInside({
    netns: '/proc/self/ns/net',
    resolvConf,
    command,
    env: { PATH: process.env['PATH'] },
    ...(pty !== undefined && {
      terminal: { ...pty, resize: (columns, rows) => resizePty(pty.master, { columns, rows }) },
    }),
  });
};

function textOf(stream: Session['output']): { text: string } {
  const heard = { text: '' };
  stream.setEncoding('utf8').on('data', (more: string) => (heard.text += more));
  return heard;
}

test('output, errors and the exit code of a program come apart, and its input ends', { skip }, async () => {
  const session = await start(['sh', '-c', 'cat; echo oops >&2; exit 7']);
  const [out, errors] = [textOf(session.output), textOf(session.errors ?? session.output)];
  session.input.end('heard');
  assert.equal(await session.ended, 7);
  assert.deepEqual([out.text, errors.text], ['heard', 'oops\n']);
});

test('with a terminal the program controls it, and learns when its size changes', { skip }, async () => {
  const session = await start(
    ['sh', '-c', 'trap "stty size; exit 5" WINCH; tty; echo ready; while :; do sleep 0.05; done'],
    true,
  );
  const out = textOf(session.output);
  while (!out.text.includes('ready')) await new Promise((resolve) => session.output.once('data', resolve));
  assert.match(out.text, /\/dev\/pts\/|ready/);
  session.resize(101, 33);
  assert.equal(await session.ended, 5);
  assert.match(out.text, /33 101/);
});

test('whoever leaves ends the program and what it started', { skip }, async () => {
  const session = await start(['sh', '-c', 'trap "" HUP; sleep 1000 & echo up; wait']);
  await new Promise((resolve) => session.output.once('data', resolve));
  session.end();
  assert.equal(await session.ended, 128 + 9);
});

test('whoever leaves ends what a program left behind', { skip }, async () => {
  const session = await start(['sh', '-c', '(trap "" HUP; echo $$; sleep 1000) & exit 0']);
  await new Promise((resolve) => session.output.once('data', resolve));
  session.end();
  assert.equal(await session.ended, 0);
});

test('a program does not outlive the process that started it', { skip }, async () => {
  const text = `import { startInside } from ${JSON.stringify(import.meta.resolve('./session.ts'))};
    const session = await startInside({ netns: '/proc/self/ns/net', resolvConf: process.argv[1],
      command: ['sh', '-c', 'trap "" HUP; echo $$; exec sleep 1000'], env: process.env });
    session.output.once('data', (pid) => {
      process.stdout.write(pid, () => process.kill(process.pid, 'SIGKILL'));
    });`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', text, resolvConf], {
    encoding: 'utf8',
  });
  assert.match(stdout, /^\d+\n$/);
  while (existsSync(`/proc/${stdout.trim()}`)) await new Promise((resolve) => setTimeout(resolve, 20));
});
