import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { systemClock, type Clock } from '../../lib/clock.ts';
import { createFakeProcesses } from './fake.ts';
import type { ProcessCommand } from './port.ts';
import { processesCompliance } from './processes.compliance.ts';
import { createProcesses } from './processes.ts';
import { readProcStat } from './proc-stat.ts';

const directory = mkdtempSync(join(tmpdir(), 'weft-process-'));
after(() => rmSync(directory, { recursive: true }));
const logFile = join(directory, 'log');
// Timers that keep the test alive while nothing else of Node's is open.
const clock: Clock = {
  ...systemClock,
  after(delayMs, fn) {
    const timer = setTimeout(fn, delayMs);
    return () => clearTimeout(timer);
  },
};

const shell = (script: string): ProcessCommand => ({
  command: '/bin/sh',
  args: ['-c', script],
  env: { PATH: process.env['PATH'] },
  logFile,
});

describe('real processes', () => {
  processesCompliance(() => ({
    processes: createProcesses({ clock }),
    patient: shell('exec sleep 60'),
    stubborn: shell('trap "" TERM; echo trapped; while :; do sleep 0.05; done'),
    untilStubborn: () => eventually(() => assert.match(readFileSync(logFile, 'utf8'), /trapped/)),
    failing: shell('exit 7'),
    missing: { ...shell(''), command: join(directory, 'absent') },
  }));

  test('a process is found while it becomes another program, when it has no command line', async () => {
    const processes = createProcesses({ clock });
    for (let round = 0; round < 20; round += 1) {
      const record = await processes.start(shell('exec sleep 60'));
      const found = processes.find((args) => args.at(-1)?.endsWith('60') === true);
      await processes.stop(record, { graceMs: 5000 });
      assert.ok(found.some(({ record: { pid } }) => pid === record.pid));
    }
  });

  test('what a process writes goes to its log, which only the owner may read', async () => {
    const processes = createProcesses({ clock });
    const record = await processes.start(shell('echo said; echo complained >&2'));
    await new Promise<void>((resolve) => void processes.onExit(record, () => resolve()));
    assert.match(readFileSync(logFile, 'utf8'), /said\ncomplained/);
    assert.equal(statSync(logFile).mode & 0o777, 0o600);
  });

  test('a killed process takes what it started with it', async () => {
    const processes = createProcesses({ clock });
    const pidFile = join(directory, 'child');
    const record = await processes.start(
      shell(`trap "" TERM; sleep 60 & echo $! > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; wait; wait`),
    );
    const pid = await eventually(() => Number(readFileSync(pidFile, 'utf8')));
    await processes.stop(record, { graceMs: 50 });
    // Nobody may have reaped it yet.
    await eventually(() => assert.ok(['Z', undefined].includes(readProcStat(pid)?.state)));
  });

  test('the exit of a process that another one started is seen', async () => {
    const record = await createProcesses({ clock }).start(shell('exec sleep 60'));
    const adopter = createProcesses({ clock });
    const ended = new Promise((resolve) => void adopter.onExit(record, resolve));
    await adopter.stop(record, { graceMs: 5000 });
    assert.deepEqual(await ended, {});
  });
});

describe('fake processes', () => {
  processesCompliance(() => ({
    processes: createFakeProcesses(clock, ({ command }) => behaviours[command]),
    patient: { ...shell(''), command: 'patient' },
    stubborn: { ...shell(''), command: 'stubborn' },
    untilStubborn: async () => {},
    failing: { ...shell(''), command: 'failing' },
    missing: { ...shell(''), command: 'missing' },
  }));
});

const behaviours: Readonly<Record<string, { exits?: number; ignoresTerm?: boolean }>> = {
  patient: {},
  stubborn: { ignoresTerm: true },
  failing: { exits: 7 },
};

async function eventually<T>(look: () => T): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return look();
    } catch (thrown) {
      if (tries === 200) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
