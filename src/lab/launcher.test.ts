import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, beforeEach, suite, test } from 'node:test';
import { createFakeProcesses } from '../drivers/process/fake.ts';
import type { ProcessCommand, Processes } from '../drivers/process/port.ts';
import { tryLock } from '../kernel/flock/flock.ts';
import { systemClock } from '../lib/clock.ts';
import { WeftError } from '../lib/errors.ts';
import { defaultNetworkConfig } from '../model/network/config.ts';
import { mostClusters } from '../model/network/lab-addresses.ts';
import type { LabControl } from './control.ts';
import { doorVariable } from './door.ts';
import { createLauncher } from './launcher.ts';
import { readLabOptions } from './options.ts';
import { labPaths } from './paths.ts';
import { readProcessFile, writeProcessFile } from './process-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'weft-labs-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const lab = { name: 'lab', nodes: 3, config: defaultNetworkConfig };
const paths = labPaths(directory, 'lab');

let commands: string[][] = [];
let inherited: ProcessCommand[] = [];
let processes: Processes;
let labs: LabControl;

/** Starts what the launcher asks for and plays the holder: records itself and makes the files everybody waits for. */
function playingHolder(real: Processes): Processes {
  return {
    ...real,
    isRunning: (record) => real.isRunning(record),
    usage: (record) => real.usage(record),
    find: (matches) => real.find(matches),
    stop: (record, options) => real.stop(record, options),
    onExit: (record, callback) => real.onExit(record, callback),
    async start(command) {
      commands.push([command.command, ...command.args]);
      inherited.push(command);
      const record = await real.start(command);
      if (!command.args.includes('/holder.ts')) return record;
      const own = labPaths(directory, basename(command.args.at(-1) ?? ''));
      writeProcessFile(own.processes, { holder: record });
      writeFileSync(own.kubeconfig, '{}');
      return record;
    },
  };
}

const options = {
  directory,
  clock: systemClock,
  holder: ['/node', '/holder.ts'],
  env: {},
  tryLock,
  silentRoles: async () => [],
  checkMachine: () => Promise.resolve(),
} as const;

beforeEach(() => {
  rmSync(directory, { recursive: true, force: true });
  [commands, inherited] = [[], []];
  processes = playingHolder(createFakeProcesses(systemClock));
  labs = createLauncher({ ...options, processes });
});

const failsWith =
  (code: string) =>
  (thrown: unknown): boolean =>
    thrown instanceof WeftError && thrown.code === code;

test('a lab starts with a holder in a mount namespace of its own, once', async () => {
  await labs.start(lab);
  await labs.start(lab);
  assert.deepEqual(commands, [
    ['unshare', '--mount', '--propagation', 'private', '/node', '/holder.ts', paths.directory],
  ]);
  assert.equal(await labs.isRunning('lab'), true);
  assert.deepEqual(await labs.list(), ['lab']);
});

test('a directory of labs that somebody else has put there is refused', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'weft-other-'));
  rmSync(directory, { recursive: true, force: true });
  symlinkSync(elsewhere, directory);
  try {
    await assert.rejects(labs.start(lab), failsWith('run-directory'));
    assert.deepEqual(readdirSync(elsewhere), []);
  } finally {
    for (const path of [directory, elsewhere]) rmSync(path, { recursive: true });
  }
});

test('nobody but the owner may look into a lab', async () => {
  await labs.start(lab);
  assert.equal(statSync(paths.directory).mode & 0o777, 0o700);
  assert.equal(statSync(paths.options).mode & 0o777, 0o600);
});

test('a lab that runs with other options is left as it is, and what is another is named', async () => {
  await labs.start(lab);
  await assert.rejects(labs.start({ ...lab, nodes: 5 }), failsWith('lab-differs'));
  const config = { ...lab.config, model: 'kubenet', podCidrs: ['10.1.0.0/16'] } as const;
  await assert.rejects(labs.start({ ...lab, config }), {
    message: `lab ${lab.name} runs with another spec.model of its ClusterNetwork (calico, not kubenet) and spec.podCIDR of its ClusterNetwork (10.244.0.0/16, not 10.1.0.0/16)`,
  });
  assert.equal(commands.length, 1);
});

test('a new holder joins the mount namespace that another process of the lab still has', async () => {
  await labs.start(lab);
  const args = ['/control.ts', paths.directory];
  const survivor = await processes.start({ command: '/node', args, env: {}, logFile: '' });
  const [holder] = processes.find((found) => found.includes('/holder.ts'));
  assert.ok(holder);
  await processes.stop(holder.record, { graceMs: 0 });
  commands = [];
  await labs.start(lab);
  assert.deepEqual(commands[0]?.slice(0, 4), ['nsenter', '--mount', '--target', String(survivor.pid)]);
});

suite('without root', () => {
  let doors: string[];

  beforeEach(() => {
    doors = [];
    labs = createLauncher({
      ...options,
      processes,
      door: {
        open: () => (doors.push('opened'), 40),
        copyOf: (pid) => (doors.push(`copied from ${pid}`), 41),
        close: (fd) => void doors.push(`closed ${fd}`),
      },
    });
  });

  test('a lab starts in namespaces of a user namespace of its own, and is handed a door', async () => {
    await labs.start(lab);
    const kinds = ['--user', '--map-root-user', '--net', '--mount', '--propagation', 'private'];
    assert.deepEqual(commands, [['unshare', ...kinds, '/node', '/holder.ts', paths.directory]]);
    assert.deepEqual(doors, ['opened', 'closed 40']);
    assert.deepEqual([inherited[0]?.inherited, inherited[0]?.env[doorVariable]], [40, '1']);
  });

  test('a new holder joins the namespaces of a survivor and gets its door', async () => {
    await labs.start(lab);
    const args = ['/control.ts', paths.directory];
    const { pid } = await processes.start({ command: '/node', args, env: {}, logFile: '' });
    const [holder] = processes.find((found) => found.includes('/holder.ts'));
    assert.ok(holder);
    await processes.stop(holder.record, { graceMs: 0 });
    [commands, inherited] = [[], []];
    await labs.start(lab);
    const kinds = ['--user', '--preserve-credentials', '--net', '--mount'];
    assert.deepEqual(commands[0]?.slice(0, 7), ['nsenter', ...kinds, '--target', String(pid)]);
    assert.deepEqual(doors.slice(2), [`copied from ${pid}`, 'closed 41']);
    assert.equal(inherited[0]?.inherited, 41);
  });
});

test('stopping leaves no process and no file', async () => {
  await labs.start(lab);
  assert.equal(await labs.stop('lab'), true);
  assert.equal(existsSync(paths.directory), false);
  assert.deepEqual(readdirSync(directory), []);
  assert.equal(await labs.stop('lab'), false);
});

test('what a crash left of a lab is replaced by a fresh one', async () => {
  await labs.start(lab);
  const { holder } = readProcessFile(paths.processes);
  assert.ok(holder);
  await processes.stop(holder, { graceMs: 0 });
  writeFileSync(paths.store, 'old');
  await labs.start({ ...lab, nodes: 1 });
  assert.equal(existsSync(paths.store), false);
});

test('a lab whose ending was interrupted is ended before it starts anew', async () => {
  await labs.start(lab);
  writeFileSync(paths.ending, '');
  writeFileSync(paths.store, 'old');
  await labs.start({ ...lab, nodes: 1 });
  assert.deepEqual([existsSync(paths.ending), existsSync(paths.store)], [false, false]);
  assert.equal(commands.length, 2);
});

test('processes that nobody wrote down are ended too', async () => {
  await labs.start(lab);
  rmSync(paths.processes);
  await labs.stop('lab');
  assert.deepEqual(
    processes.find(() => true),
    [],
  );
});

test('records of an earlier boot are nobody', async () => {
  await labs.start(lab);
  const [holder] = processes.find((found) => found.includes('/holder.ts'));
  assert.ok(holder);
  await processes.stop(holder.record, { graceMs: 0 });
  const other = await processes.start({ command: 'sleep', args: ['60'], env: {}, logFile: '' });
  writeProcessFile(paths.processes, { holder: other, control: other });
  assert.equal(await labs.isRunning('lab'), false);
  await labs.stop('lab');
  assert.equal(processes.isRunning(other), true);
});

test('a name that is no file name is refused', async () => {
  for (const name of ['../up', '', 'A', '-a', 'a'.repeat(41)]) {
    await assert.rejects(async () => labs.start({ ...lab, name }), failsWith('lab-name'));
  }
});

suite('further clusters of a lab', () => {
  const ordinalOf = (name: string): number | undefined =>
    readLabOptions(labPaths(directory, name).options).ordinal;

  test('need the lab, whose network they share', async () => {
    await assert.rejects(async () => labs.start({ ...lab, name: 'lab.b' }), failsWith('lab-missing'));
    assert.deepEqual(readdirSync(directory), []);
  });

  test('are beside it, in its namespaces, each at a place of its own that it keeps', async () => {
    await labs.start(lab);
    const first = processes.find((found) => found.includes('/holder.ts'))[0];
    for (const name of ['lab.b', 'lab.c', 'lab.b']) await labs.start({ ...lab, name });
    assert.deepEqual([ordinalOf('lab'), ordinalOf('lab.b'), ordinalOf('lab.c')], [undefined, 1, 2]);
    assert.deepEqual(await labs.list(), ['lab', 'lab.b', 'lab.c']);
    assert.deepEqual(commands[1]?.slice(0, 4), ['nsenter', '--mount', '--target', String(first?.record.pid)]);
    assert.equal(commands.length, 3);
    await labs.stop('lab.b');
    await labs.start({ ...lab, name: 'lab.d' });
    assert.equal(ordinalOf('lab.d'), 1);
  });

  test('end with it, and alone', async () => {
    await labs.start(lab);
    for (const name of ['lab.b', 'lab.c']) await labs.start({ ...lab, name });
    await labs.stop('lab.c');
    assert.deepEqual(await labs.list(), ['lab', 'lab.b']);
    await labs.stop('lab');
    assert.deepEqual(readdirSync(directory), []);
    assert.deepEqual(
      processes.find(() => true),
      [],
    );
  });

  test('share segments only: a virtual network has one cluster', async () => {
    await labs.start(lab);
    const config = { ...defaultNetworkConfig, model: 'kubenet' } as const;
    await assert.rejects(labs.start({ ...lab, name: 'lab.b', config }), failsWith('cluster-network'));
    await labs.start({ ...lab, name: 'lab.b', config, ownNetwork: true });
    assert.equal(ordinalOf('lab.b'), undefined);
  });

  test('are as many as the network has places for', async () => {
    await labs.start(lab);
    for (let more = 1; more < mostClusters; more++) await labs.start({ ...lab, name: `lab.c${more}` });
    await assert.rejects(
      async () => labs.start({ ...lab, name: 'lab.more' }),
      failsWith('clusters-too-many'),
    );
  });
});
