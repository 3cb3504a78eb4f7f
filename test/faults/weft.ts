import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProcesses } from '../../src/drivers/process/processes.ts';
import { createNetworkNamespaces } from '../../src/kernel/netns/real.ts';
import { silentRoles } from '../../src/lab/answering.ts';
import { findLabProcesses, type LabProcess } from '../../src/lab/lab-processes.ts';
import { labPaths, labsDirectory, type LabPaths } from '../../src/lab/paths.ts';
import { systemClock } from '../../src/lib/clock.ts';

const processes = createProcesses({ clock: systemClock });
const entry = join(import.meta.dirname, '../../src/cmd/weft.ts');

export const directory: string = labsDirectory({}, { uid: 0 });

export function pathsOf(name: string): LabPaths {
  return labPaths(directory, name);
}

/** A command line that runs. */
export interface Command {
  readonly child: ChildProcess;
  /** Resolves when it has ended, however it did. */
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

/** Starts `weft ARGS`. */
export function startWeft(...args: string[]): Command {
  const child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, output }));
  });
  return { child, ended };
}

/** Runs `weft ARGS` to its end. */
export function weft(...args: string[]): Command['ended'] {
  return startWeft(...args).ended;
}

/** The running processes of a lab. */
export function processesOf(name: string): LabProcess[] {
  return findLabProcesses(processes, pathsOf(name));
}

export function isRunning(process: LabProcess): boolean {
  return processes.isRunning(process.record);
}

/** SIGKILL; says whether there was anybody to get it. */
export function kill({ record }: LabProcess): boolean {
  try {
    process.kill(record.pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

/** Resolves to how long it took until every process of the lab answers; rejects when that does not come. */
export async function whenWhole(name: string, withinMs = 20_000): Promise<number> {
  const began = performance.now();
  for (;;) {
    const roles = new Set(processesOf(name).map(({ role }) => role));
    const silent = await silentRoles(pathsOf(name));
    if (roles.size === 4 && silent.length === 0) return performance.now() - began;
    if (performance.now() > began + withinMs) {
      throw new Error(`lab ${name} is not whole: ${[...roles].join(', ')} run, ${silent.join(', ')} silent`);
    }
    await pause(10);
  }
}

/** What is left of a lab on this machine: processes, files, mounts. Empty after `down`. */
export function leftoversOf(name: string): string[] {
  const { directory: run, lock } = pathsOf(name);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(`${run}/`));
  return [
    ...processesOf(name).map(({ role, record }) => `process ${role} ${record.pid}`),
    ...[run, lock].filter((path) => existsSync(path)),
    ...mounts,
  ];
}

/** The namespaces that a lab has pinned, as one of its processes sees them. */
export function pinsOf(name: string): string[] {
  const [member] = processesOf(name);
  if (member === undefined) return [];
  const namespaces = `/proc/${member.record.pid}/root${pathsOf(name).namespaces}`;
  return createNetworkNamespaces({ directory: namespaces }).list();
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Tries until it works; the last failure is thrown. */
export async function eventually<T>(attempt: () => Promise<T>, withinMs = 20_000): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(20);
    }
  }
}
