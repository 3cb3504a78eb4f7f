/** The host is as it was after labs came, were killed and went: only what existed before is compared. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cannotSendPackets } from '../support/lab.ts';
import { kill, leftoversOf, pause, processesOf, startWeft, weft } from './weft.ts';

const name = `test-host-${process.pid}`;

/** Settings that may be written; the others are counters, and count. */
function settings(directory = '/proc/sys'): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return settings(path);
    // These change by themselves: a cursor of pids, a random number, keys of TCP fast open, entropy.
    if (/\/(ns_last_pid|fs\/binfmt_misc\/.*|random\/.*|tcp_fastopen_key|kernel\/pty\/nr)$/.test(path))
      return [];
    try {
      if ((statSync(path).mode & 0o222) === 0) return [];
      return [`${path} ${readFileSync(path, 'utf8').trim()}`];
    } catch {
      // Not for reading, or not readable here.
      return [];
    }
  });
}

/** What a program prints, as lines; none where it is missing. */
function lines(program: string, ...args: string[]): string[] {
  const { stdout, error } = spawnSync(program, args, { encoding: 'utf8' });
  return error === undefined ? stdout.split('\n').map((line) => `${program} ${args.join(' ')}: ${line}`) : [];
}

function host(): string[] {
  return (
    [
      ...lines('ip', '-o', 'link'),
      ...lines('ip', '-o', 'address'),
      ...['-4', '-6'].flatMap((family) => [
        ...lines('ip', family, 'route', 'show', 'table', 'all'),
        ...lines('ip', family, 'rule'),
      ]),
      ...lines('ip', 'neighbour', 'show', 'nud', 'permanent'),
      ...lines('ip', 'netns'),
      ...lines('nft', '-s', 'list', 'ruleset'),
      ...readFileSync('/proc/self/mountinfo', 'utf8').split('\n'),
      ...settings(),
    ]
      // How long an address stays valid counts down.
      .map((line) => line.replaceAll(/(valid_lft|preferred_lft|expires) \d+sec/g, '$1'))
  );
}

after(() => weft('down', '--name', name));

test(
  'nothing of the host changes while a lab runs, is killed, and goes',
  { skip: cannotSendPackets },
  async () => {
    // The first lab may load kernel modules, whose settings are new.
    await weft('up', '--name', name, '--wait');
    await weft('down', '--name', name);
    const before = host();
    const unchanged = (when: string): void => {
      const now = new Set(host());
      assert.deepEqual(
        before.filter((line) => !now.has(line)),
        [],
        when,
      );
    };
    assert.ok(before.length > 500, 'there is something to compare');

    const { code, output } = await weft('up', '--name', name, '--wait');
    assert.equal(code, 0, output);
    unchanged('while it runs');
    for (const process of processesOf(name)) kill(process);
    await pause(500);
    unchanged('after everything was killed');
    const interrupted = startWeft('up', '--name', name);
    await pause(400);
    interrupted.child.kill('SIGKILL');
    await interrupted.ended;
    await weft('down', '--name', name);
    unchanged('after down');
    assert.deepEqual(leftoversOf(name), []);
  },
);
