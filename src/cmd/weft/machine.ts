import { existsSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { createProcesses } from '../../drivers/process/processes.ts';
import { runProgram } from '../../drivers/program/run-program.ts';
import type { Finding } from '../../doctor/finding.ts';
import type { LabTrace, Machine } from '../../doctor/port.ts';
import { loadLibnftables } from '../../kernel/nft/libnftables.ts';
import { libc } from '../../kernel/libc.ts';
import { runningLabs } from '../../lab/lab-processes.ts';
import { makeOwnDirectory } from '../../lab/run-directory.ts';
import { enterNamespaces } from '../../lab/namespaces.ts';
import { labsRunAsRoot } from './privilege.ts';
import { systemClock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';

/** This machine, for `weft doctor`. */
export function createMachine(runDirectory: string, listLabs: () => Promise<readonly string[]>): Machine {
  const isRoot = labsRunAsRoot();
  return {
    platform: process.platform,
    architecture: process.arch,
    nodeVersion: process.versions.node,
    isRoot,
    runDirectory,
    read,
    whyNotLoaded: (library) => whyNot(library === 'libc.so.6' ? libc : loadLibnftables),
    run: (command, ...args) => runProgram(command, args),
    tryRunDirectory: () => tryDirectory(runDirectory),
    labs: async () => tracesOf(await listLabs(), runDirectory),
    tryKernel: () => examine(!isRoot),
  };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function whyNot(load: () => unknown): string | undefined {
  try {
    load();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

async function tryDirectory(directory: string): Promise<{ freeBytes: number }> {
  const isNew = !existsSync(directory);
  makeOwnDirectory(directory);
  try {
    const file = join(directory, `.doctor-${process.pid}`);
    writeFileSync(file, 'x', { mode: 0o600 });
    rmSync(file);
    const { bavail, bsize } = await statfs(directory);
    return { freeBytes: bavail * bsize };
  } finally {
    if (isNew) rmdirSync(directory);
  }
}

function tracesOf(directories: readonly string[], runDirectory: string): LabTrace[] {
  const running = runningLabs(createProcesses({ clock: systemClock }), runDirectory);
  const names = [...new Set([...directories, ...running])].toSorted();
  return names.map((name) => ({
    name,
    isRunning: running.has(name),
    hasDirectory: directories.includes(name),
  }));
}

/** In namespaces as those of a lab. */
async function examine(isUnprivileged: boolean): Promise<Finding[]> {
  const [command, ...args] = enterNamespaces(undefined, isUnprivileged);
  const program = [...args, process.execPath, join(import.meta.dirname, '../examine.ts')];
  const ended = await runProgram(command, program);
  if (ended === undefined) throw new Error(`${command} is not installed`);
  if (ended.code !== 0) throw new Error(lastLine(ended.err) ?? `${command} ended with code ${ended.code}`);
  return JSON.parse(ended.out) as Finding[];
}

/** Of a failed program, without the lines of a stack. */
function lastLine(text: string): string | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /error|:/i.test(line) && !/^\s/.test(line)) ?? lines.at(-1);
}
