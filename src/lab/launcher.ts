import { mkdirSync, readdirSync, rmSync, writeFileSync, existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { acquireLock } from '../drivers/process/lock.ts';
import type { ProcessRecord, Processes } from '../drivers/process/port.ts';
import type { Clock } from '../lib/clock.ts';
import { WeftError } from '../lib/errors.ts';
import type { LabControl } from './control.ts';
import type { LabOptions } from './options.ts';
import { labPaths, type LabPaths } from './paths.ts';
import { readProcessFile } from './process-file.ts';

export interface LauncherOptions {
  /** Directory of all labs. */
  readonly directory: string;
  readonly processes: Processes;
  readonly clock: Clock;
  /** The runtime's executable and the entry file of the holder. */
  readonly node: string;
  readonly holderEntry: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** flock(2) without waiting; false when somebody else has the lock. */
  readonly tryLock: (fd: number) => boolean;
  /** Throws with fault `environment` what this machine lacks. */
  readonly checkMachine: () => void;
}

/** How long the holder may take to end what it supervises, before everything is killed. */
const graceMs = 600;
const startTimeoutMs = 30_000;
const lockTimeoutMs = 60_000;

/** Starts and ends labs by their run directories and the processes recorded there. */
export function createLauncher(options: LauncherOptions): LabControl {
  const { directory, processes, clock } = options;
  const pathsOf = (name: string): LabPaths => labPaths(directory, checkName(name));
  const runningOf = (paths: LabPaths): ProcessRecord[] =>
    Object.values(readProcessFile(paths.processes)).filter((record) => processes.isRunning(record));

  const withLock = async <T>(name: string, work: (paths: LabPaths) => Promise<T>): Promise<T> => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const lock = await acquireLock(pathsOf(name).lock, {
      clock,
      tryLock: options.tryLock,
      wait: true,
      signal: AbortSignal.timeout(lockTimeoutMs),
    });
    try {
      return await work(pathsOf(name));
    } finally {
      // A lab that is gone leaves no lock behind either.
      if (existsSync(pathsOf(name).directory)) lock.release();
      else lock.remove();
    }
  };

  const startHolder = async (paths: LabPaths): Promise<void> => {
    const survivor = runningOf(paths)[0];
    // Pins live in the lab's mount namespace: a new holder joins the one that a survivor still holds.
    const enter =
      survivor === undefined
        ? { command: 'unshare', args: ['--mount', '--propagation', 'private'] }
        : { command: 'nsenter', args: ['--mount', '--target', String(survivor.pid)] };
    await processes.start({
      command: enter.command,
      args: [...enter.args, options.node, options.holderEntry, paths.directory],
      env: options.env,
      logFile: `${paths.logs}/holder.log`,
    });
  };

  const whenAnswering = async (paths: LabPaths): Promise<void> => {
    const deadline = clock.monotonic() + startTimeoutMs;
    while (!existsSync(paths.kubeconfig)) {
      if (clock.monotonic() > deadline) {
        throw new WeftError(
          'lab-not-starting',
          `lab ${paths.name} did not start in ${startTimeoutMs / 1000} s`,
          {
            hint: `see the logs in ${paths.logs}`,
          },
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  return {
    paths: pathsOf,
    async list() {
      try {
        const entries = readdirSync(directory, { withFileTypes: true });
        return entries
          .filter((entry) => entry.isDirectory())
          .map(({ name }) => name)
          .toSorted();
      } catch {
        return [];
      }
    },
    isRunning: async (name) => runningOf(pathsOf(name)).length > 0,
    start: (lab) =>
      withLock(lab.name, async (paths) => {
        const holder = readProcessFile(paths.processes).holder;
        const isUp = holder !== undefined && processes.isRunning(holder);
        if (runningOf(paths).length > 0) requireSame(paths, lab);
        if (!isUp) {
          options.checkMachine();
          makeDirectories(paths, lab, runningOf(paths).length > 0);
          await startHolder(paths);
        }
        await whenAnswering(paths);
      }),
    stop: (name) =>
      withLock(name, async (paths) => {
        const { holder, ...others } = readProcessFile(paths.processes);
        const found = existsSync(paths.directory);
        // The holder first: it would start the others again.
        if (holder !== undefined) await processes.stop(holder, { graceMs });
        await Promise.all(Object.values(others).map((record) => processes.stop(record, { graceMs: 0 })));
        rmSync(paths.directory, { recursive: true, force: true });
        return found;
      }),
  };
}

/** A lab's name is a file name and stands in names that people type. */
function checkName(name: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) return name;
  throw new WeftError('lab-name', `"${name}" cannot be the name of a lab`, {
    fault: 'input',
    hint: 'use at most 40 of a-z, 0-9 and - inside',
  });
}

function requireSame(paths: LabPaths, lab: LabOptions): void {
  const existing: unknown = JSON.parse(readFileSync(paths.options, 'utf8'));
  if (isDeepStrictEqual(existing, JSON.parse(JSON.stringify(lab)))) return;
  throw new WeftError('lab-differs', `lab ${lab.name} runs with other options (nodes or network)`, {
    fault: 'input',
    hint: `run "weft down --name ${lab.name}" first, or use another --name`,
  });
}

/** A directory without a running process is what a crash left: nothing of it is worth keeping. */
function makeDirectories(paths: LabPaths, lab: LabOptions, keep: boolean): void {
  if (keep) return;
  rmSync(paths.directory, { recursive: true, force: true });
  for (const directory of [paths.directory, paths.namespaces, paths.pods, paths.logs]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }
  writeFileSync(paths.options, JSON.stringify(lab), { mode: 0o600 });
}
